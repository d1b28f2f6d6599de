import { DropZone } from './components/drop-zone.js';
import { ImageGrid } from './components/image-grid.js';
import { ImageViewer } from './components/image-viewer.js';
import { SearchBox } from './components/search-box.js';
import { SelectionBar } from './components/selection-bar.js';
import { TagChips } from './components/tag-chips.js';
import { ToastMessage } from './components/toast-message.js';
import { UploadList } from './components/upload-list.js';
import './components/edit-field.js';
import './components/image-card.js';
import './components/image-panel.js';
import './components/scheme-switch.js';
import './components/tag-editor.js';
import './components/upload-words.js';
import './components/viewer-frame.js';
import './components/viewer-stage.js';
import { find, hear } from './lib/dom.js';
import { readIsland } from './lib/island.js';
import { LiveStream } from './live.js';
import { Adding } from './page/add.js';
import { Browse } from './page/browse.js';
import { Change } from './page/change.js';
import { Follow } from './page/follow.js';
import { listenToKeys } from './page/keys.js';
import { Look } from './page/look.js';
import { Select } from './page/select.js';
import { listenToStatus } from './page/status.js';
import { Route } from './route.js';
import * as calls from './upload/calls.js';
import { TicketDesk } from './upload/desk.js';
import { Direct } from './upload/direct.js';
import { formWith } from './upload/form.js';
import { IndexedKeeper } from './upload/keep.js';
import { Line } from './upload/line.js';
import { lookWith } from './upload/look.js';
import { prepareWith } from './upload/prepare.js';
import { UploadQueue } from './upload/queue.js';
import { sendWith } from './upload/send.js';
import { slicesWith } from './upload/slices.js';
import { ticketedWith } from './upload/ticketed.js';
import { together } from './upload/together.js';
import { transferWith } from './upload/transfer.js';

/** Files sent at the same time. */
const MAX_PARALLEL = 3;

const page = readIsland(document);

const grid = find(document, 'image-grid', ImageGrid);
const search = find(document, 'search-box', SearchBox);
const toast = find(document, 'toast-message', ToastMessage);
const viewer = find(document, 'image-viewer', ImageViewer);
const inTrash = grid.dataset.status === 'trashed';
const mayAdd = page.can_write && !inTrash;
const dropZone = mayAdd ? find(document, 'drop-zone', DropZone) : null;

const browse = new Browse({ grid, search, chips: find(document, 'tag-chips', TagChips) });
const look = new Look({ viewer, grid, route: new Route(window, { inPlace: inTrash }) });
const line = new Line();
const direct = new Direct({ store: page.sends_to });
const desk = new TicketDesk({ askAll: calls.askForTickets, giveBack: calls.cancelUpload, direct });
const adding = mayAdd
  ? new Adding({
      queue: new UploadQueue({
        prepare: prepareWith({ look: lookWith(), ask: together(calls.askAbout), limits: page.limits }),
        send: sendWith({
          whole: transferWith(line, calls.sendWhole),
          ticketed: ticketedWith({ calls, desk, direct, slices: slicesWith(line), form: formWith() }),
          direct,
          line,
        }),
        discard: calls.cancelUpload,
        keeper: new IndexedKeeper(),
        maxParallel: MAX_PARALLEL,
        limits: page.limits,
      }),
      grid,
      tray: find(document, 'upload-list', UploadList),
      toast,
    })
  : null;
const change = inTrash ? null : new Change({ grid, look, toast, browse });
// Few look into it: it is no part of the first load.
const trash = inTrash ? new (await import('./page/trash.js')).Trash({ grid, look, toast, list: browse }) : null;

hear(grid, 'grid-changed', () => {
  browse.describe();
  look.refresh();
});
browse.start(page);
look.start(page);
adding?.start();
change?.start();
trash?.start();
const ends = trash ?? change;
if (page.can_write && ends) {
  new Select({ grid, bar: find(document, 'selection-bar', SelectionBar), toast, browse, ends }).start();
}
new Follow({ live: new LiveStream({ since: page.position }), grid, look, browse, change, adding, trash }).start();
listenToKeys({ search, dropZone });
listenToStatus(direct);

for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-choose]'))) {
  button.addEventListener('click', (event) => {
    event.preventDefault();
    find(document, '.menu', HTMLElement).hidePopover();
    dropZone?.choose(/** @type {import('./components/drop-zone.js').Source} */ (button.dataset.choose));
  });
}
