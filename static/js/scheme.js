// Runs before the page is painted, so that a chosen scheme never flashes. Not a module: those run later.
{
  const scheme = localStorage.getItem('scheme');
  if (scheme) {
    document.documentElement.dataset.scheme = scheme;
  }
}
