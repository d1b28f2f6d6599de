/** Questions for one request: 50 long names stay below what the server reads as JSON. */
const MOST = 50;

/** So much time lies between two requests: files are looked at one by one, and asked about together. */
const GATHER_MS = 250;

/**
 * Asks at once, and gathers what comes soon after for the next request.
 *
 * @template Q, A
 * @param {(questions: Q[]) => Promise<A[]>} askAll  one answer for each, in their order
 * @returns {(question: Q) => Promise<A>}
 */
export function together(askAll) {
  /** @type {{ question: Q, resolve: (answer: A) => void, reject: (error: unknown) => void }[]} */
  const waiting = [];
  let isAsking = false;
  const askNext = async () => {
    const asked = waiting.splice(0, MOST);
    try {
      const answers = await askAll(asked.map(({ question }) => question));
      for (const [at, { resolve }] of asked.entries()) {
        resolve(/** @type {A} */ (answers[at]));
      }
    } catch (error) {
      for (const { reject } of asked) {
        reject(error);
      }
    }
  };
  const askOn = async () => {
    while (waiting.length > 0) {
      await Promise.all([askNext(), new Promise((resolve) => setTimeout(resolve, GATHER_MS))]);
    }
    isAsking = false;
  };
  return (question) =>
    new Promise((resolve, reject) => {
      waiting.push({ question, resolve, reject });
      if (!isAsking) {
        isAsking = true;
        queueMicrotask(askOn); // what comes in the same moment goes with it
      }
    });
}
