/**
 * Every shape that travels between our modules, and every custom event with its detail.
 * Typedefs only: anyone may import it. Names that come from the server keep the server's spelling.
 *
 * @module types
 */

/* What the server says. */

/**
 * One delivered size of an image, and the others of the same preset.
 *
 * @typedef {object} Variant
 * @property {string} url
 * @property {number} width  of `url`, in pixels
 * @property {number} height
 * @property {string} srcset  ready for the attribute: `… 480w, … 800w`
 */

/**
 * @typedef {object} Camera
 * @property {string | null} [model]
 * @property {string | null} [lens]
 * @property {string | null} [exposure]  for people: `1/250 s, f/2.8, ISO 100`
 */

/**
 * An image as the API presents it.
 *
 * @typedef {object} ImageJson
 * @property {string} id  permanent, 22 URL-safe characters
 * @property {string} url  shows it upright, at most the `full` preset
 * @property {string} description  may be empty
 * @property {string} alt  may be empty
 * @property {string[]} tags
 * @property {string[]} albums
 * @property {number} width  as a viewer sees it, in pixels
 * @property {number} height
 * @property {string} format  `jpeg`, `png`, `gif`, `webp`, `avif`, `heic` or `tiff`
 * @property {number} bytes  of the original
 * @property {string} status  `ready` or `trashed`
 * @property {string} store
 * @property {string} [moving_to]  the store that it is on its way to, while it waits for it
 * @property {number} version  counts changes; what `If-Match` compares
 * @property {string} color  `#rrggbb`
 * @property {string} placeholder  a ThumbHash in base64
 * @property {string} created_at  RFC 3339
 * @property {string} updated_at
 * @property {string | null} taken_at
 * @property {Camera | null} camera
 * @property {string} page  the path of its own page, `/i/{id}`
 * @property {string} [purge_at]  in the trash alone: when it is deleted for ever
 * @property {{ card: Variant, full: Variant }} variants  and others, which the page does not show
 */

/**
 * The last audit: whether documents, originals and variants agreed.
 *
 * @typedef {object} Audit
 * @property {string} audited_at  RFC 3339
 * @property {number} drift  how much did not agree
 * @property {Record<string, number>} kinds  the same by its kind
 */

/**
 * Images that wait here for their store.
 *
 * @typedef {object} Moving
 * @property {number} images
 * @property {number} refused  those of them that it did not take
 * @property {string} problem  why it did not take one of them
 */

/**
 * What a store's plan allows of one thing; null: no end is known. unit: `bytes`, or empty for a number of things.
 *
 * @typedef {{ name: string, unit: string, used: number, limit: number | null }} Quota
 */

/**
 * What a store tells of its plan. problem: why it told nothing when it was asked last, else empty.
 *
 * @typedef {{ quotas: Quota[], limits: Omit<StoreLimits, 'name'>, problem: string }} Plan
 */

/**
 * How far it is that all images of one store go to another.
 *
 * @typedef {object} Migration
 * @property {string} from
 * @property {string} to
 * @property {boolean} back  it was turned back
 * @property {'running' | 'paused' | 'done'} state
 * @property {string | null} ended_at  RFC 3339
 * @property {number} moved
 * @property {number} left  the refused ones are among them
 * @property {number} refused  the other store does not take them
 * @property {number | null} eta_s
 * @property {string} problem  why it rests for a while, else empty
 */

/**
 * One thing that is said of how the gallery is. share: of what there is to be, 0 to 1, for a bar.
 *
 * @typedef {{ name: string, words: string, isBad: boolean, share: number | null }} StatusLine
 */

/** @typedef {{ title: string, lines: StatusLine[] }} StatusGroup  title: of the store, else empty */

/**
 * @typedef {object} Status
 * @property {number} images
 * @property {boolean} images_capped
 * @property {string} store  where new images go
 * @property {Record<string, { state: string }>} health  of stores that may be away: `closed` is well
 * @property {Moving} moving
 * @property {Record<string, Plan>} plans  of the stores that have one; told to those who may change things
 * @property {Migration | null} migration  the last one
 * @property {boolean} ready  database and store answer
 * @property {Audit | null} audit
 */

/**
 * How many images a filter meets.
 *
 * @typedef {object} Counts
 * @property {number} total
 * @property {boolean} capped  there are more than `total`
 * @property {Record<string, number>} months  `2026-11` → images that arrived then
 */

/**
 * One page of the list.
 *
 * @typedef {object} ImageList
 * @property {ImageJson[]} images
 * @property {string | null} next_cursor
 * @property {Counts} [counts]  when asked for
 */

/**
 * @typedef {object} TagCount
 * @property {string} tag
 * @property {number} count
 */

/**
 * What may be sent.
 *
 * @typedef {object} Limits
 * @property {number} max_upload_bytes
 * @property {number} max_pixels
 * @property {string[]} formats  for people: `JPEG`, `PNG`, …
 * @property {StoreLimits | null} store  what the store takes of one picture; null if it says nothing
 */

/**
 * @typedef {object} StoreLimits
 * @property {string} name
 * @property {number | null} max_bytes
 * @property {number | null} max_pixels
 * @property {number | null} max_side  in pixels
 */

/**
 * The one JSON island of a gallery page, completed by `lib/island.js`.
 *
 * @typedef {object} GalleryPage
 * @property {ImageJson[]} images
 * @property {string | null} next_cursor
 * @property {Counts} counts
 * @property {Limits} limits
 * @property {boolean} can_write
 * @property {string | null} sends_to  the store that files go straight to; null: they come here
 * @property {ImageJson | null} image  the one that `/i/{id}` was loaded for
 * @property {string} position  of the change stream just before the page was read
 */

/**
 * A failure as the API tells it (RFC 9457).
 *
 * @typedef {object} Problem
 * @property {string} title
 * @property {number} status
 * @property {string} detail  for people: what is wrong, the limit, the mend
 * @property {string} code  stable
 * @property {Record<string, string>} [errors]  field → what is wrong with it
 */

/**
 * What a person may change of an image; what is left out stays.
 *
 * @typedef {object} Changes
 * @property {string} [description]
 * @property {string} [alt]
 * @property {string[]} [tags]
 */

/**
 * What the grid is asked to show. Both empty: everything.
 *
 * @typedef {object} Filter
 * @property {string} q
 * @property {string[]} tags
 * @property {boolean} [trashed]  of the trash
 */

/**
 * What is done to many images at once.
 *
 * @typedef {{ action: 'tag' | 'untag', tags: string[] }
 *     | { action: 'describe', description: string }
 *     | { action: 'delete' | 'restore' | 'delete_forever' }} BatchAction
 */

/**
 * What became of one of them: `status` is that of a call for it alone.
 *
 * @typedef {object} BatchResult
 * @property {string} id
 * @property {number} status
 * @property {ImageJson} [image]
 * @property {Problem} [problem]
 */

/* Uploads. */

/**
 * paused: there is no connection. similar: the gallery has images that look like it, a person chooses. processing: the
 * server has every byte and looks at the picture.
 *
 * @typedef {'waiting' | 'hashing' | 'similar' | 'uploading' | 'processing' | 'paused' | 'done' | 'duplicate'
 *     | 'failed' | 'cancelled'} UploadState
 */

/**
 * What becomes of a file that looks like an image of the gallery: it is not added, takes that image's place, or is
 * added beside it.
 *
 * @typedef {'skip' | 'replace' | 'keep'} Choice
 */

/**
 * Whether an upload survives a reload. asked: not known yet. full: there is no room for its bytes. off: this browser
 * keeps nothing.
 *
 * @typedef {'asked' | 'kept' | 'full' | 'off'} Keeping
 */

/**
 * One file on its way. The queue makes a new, frozen value for every change.
 *
 * @typedef {object} Upload
 * @property {string} key  the same through all its states; also its `Idempotency-Key`
 * @property {File} file
 * @property {string} name
 * @property {number} bytes
 * @property {number} sent  bytes of it that are there, or at least on their way
 * @property {UploadState} state
 * @property {string} reason  why it failed and what to do, or why it still waits, in people's words; else empty
 * @property {boolean} retryable  trying again may help
 * @property {ImageJson | null} image  once `done` or `duplicate`
 * @property {ImageJson[]} similar  while `similar`: the images it looks like
 * @property {string | null} replaces  the image whose place it takes
 * @property {string} folder  that the file lay in; empty if it came alone
 * @property {Told} told  what is said of it, or will be
 * @property {Told | null} later  what is to be said of it once it has arrived: it was on its way already
 * @property {Keeping} keeping
 * @property {string} previewUrl  a blob: URL of the file, good until `forget(key)`
 */

/**
 * What is said of a file beside its bytes.
 *
 * @typedef {object} Told
 * @property {string} [description]
 * @property {string[]} [tags]
 */

/**
 * What a person says of all files that are being added, or of one of them.
 *
 * @typedef {object} Words
 * @property {string} description
 * @property {string[]} tags
 * @property {boolean} withFolder  the name of the folder that a file lay in is a tag, too
 */

/**
 * What the worker finds in a file before it is sent.
 *
 * @typedef {object} Looked
 * @property {string} sha256  in hexadecimal; empty if unknown
 * @property {string} phash  16 hexadecimal digits; empty if the browser cannot show the file
 * @property {string} [content_type]  by its first bytes, found beside the worker
 * @property {number} [width]  in pixels; left out if the browser cannot show the file
 * @property {number} [height]
 */

/**
 * `lookWith()` of `upload/look.js`: null if the file cannot be read.
 *
 * @callback Look
 * @param {File} file
 * @param {{ signal: AbortSignal, onStart: () => void }} options  onStart: its turn has come
 * @returns {Promise<Looked | null>}
 */

/**
 * The server has the file.
 *
 * @typedef {object} Arrival
 * @property {'done' | 'duplicate'} state
 * @property {ImageJson} image
 */

/**
 * One try failed. `again` says what the queue does by itself: nothing, try this file again, or hold all files back
 * until this one may be tried again (the server or the connection is the matter, not the file).
 *
 * @typedef {object} Setback
 * @property {'failed'} state
 * @property {string} reason  what went wrong, with the file's name, in people's words
 * @property {string} mend  what to do about it; empty where `reason` says it
 * @property {boolean} retryable  trying again may help
 * @property {'never' | 'file' | 'all'} again
 * @property {number} [retry_after_s]  how long the server asked us to wait
 */

/**
 * Where and how a file goes straight to the store of the gallery: as a form, with these fields before it.
 *
 * @typedef {object} Form
 * @property {string} url
 * @property {Record<string, string>} fields  in their order
 * @property {string} file_field
 * @property {string} expires_at  RFC 3339
 * @property {number | null} chunk_bytes  a larger file goes in so many requests; null: in one, however large
 * @property {number} arrived  bytes of it that came in requests that were answered
 */

/**
 * What is known of a file besides what is shown, and outlives the page.
 *
 * @typedef {object} Facts
 * @property {Told} told  as it is sent with the file; a new try says the same
 * @property {Told | null} later  what a person said after that
 * @property {boolean} isBegun  it has been tried to send it
 * @property {Looked | null} looked
 * @property {string | null} replaces  the image whose place it takes
 * @property {boolean} isChosen  a person has said that it is to be added although another looks like it
 * @property {boolean} isWhole  it was begun in one request, and stays so: a new try is known by its key
 * @property {string | null} ticket  the id of the upload that the server has begun to receive
 * @property {Form | null} form  how it goes to the store by that ticket; null: it comes here
 * @property {string} reason  why it was given up, else empty
 */

/**
 * An upload as it is kept in the browser.
 *
 * @typedef {object} Kept
 * @property {string} key
 * @property {File} file
 * @property {Facts} facts
 */

/**
 * `upload/keep.js`: what the browser keeps of the queue, so that it survives a killed tab.
 *
 * @typedef {object} Keeper
 * @property {(kept: Kept) => Promise<Keeping>} put
 * @property {(key: string, facts: Facts) => void} note
 * @property {(key: string) => void} drop
 * @property {(take: (kept: Kept[]) => void) => Promise<void>} adopt  hands over what each page that is gone has left;
 *     from then on it is this page's
 */

/**
 * What is to be told while a file is being tried.
 *
 * @typedef {object} News
 * @property {'hashing' | 'uploading' | 'processing'} [state]
 * @property {number} [sent]  bytes of it that the server is known to have
 * @property {number} [passed]  bytes of it that have left the browser at least
 * @property {Partial<Facts>} [facts]
 */

/**
 * One file to be tried once.
 *
 * @typedef {object} Task
 * @property {string} key
 * @property {File} file
 * @property {Facts} facts
 * @property {AbortSignal} signal
 * @property {(news: News) => void} tell
 * @property {() => Pick<Task, 'key' | 'file' | 'facts'>[]} next  what may be sent and waits for its turn, in order
 */

/** @typedef {{ state: 'ready' }} Ready  the file may be sent */

/** @typedef {{ state: 'similar', similar: ImageJson[] }} Similar */

/**
 * What the queue calls before a file is sent: `prepareWith()` of `upload/prepare.js`. As `Send`, it never rejects, and
 * what it says after `signal` aborted is not heard.
 *
 * @callback Prepare
 * @param {Task} task
 * @returns {Promise<Ready | Similar | Arrival | Setback>}
 */

/**
 * What the queue calls to try one file once: `sendWith()` of `upload/send.js`.
 *
 * @callback Send
 * @param {Task} task
 * @returns {Promise<Arrival | Setback>}
 */

/**
 * `upload/queue.js`. Dispatches `upload-change`. Checks each file with `refusal()` of `lib/check.js` first: what is
 * refused goes straight from `waiting` to `failed`, not retryable, with that reason.
 *
 * @typedef {object} UploadQueueOptions
 * @property {Prepare} prepare
 * @property {Send} send
 * @property {(ticket: string) => void} discard  the server may forget what it received of it
 * @property {Keeper} keeper
 * @property {number} maxParallel
 * @property {Limits} limits
 * @property {() => boolean} [isOnline]  nothing starts while this says no
 * @property {EventTarget} [network]  says `online` and `offline`; the window
 * @property {() => number} [random]
 */

/* The viewer. */

/**
 * The images that the viewer pages through.
 *
 * @typedef {object} ViewerList
 * @property {ImageJson[]} images  those loaded so far, in the order of the grid
 * @property {number} total  for "4 of 45"
 * @property {boolean} capped  there are more than `total`
 * @property {boolean} more  the viewer may ask for more by `more-wanted`
 * @property {boolean} canWrite
 */

/**
 * `components/image-viewer.js`. Never fetches and never touches history: `page/look.js` does both.
 *
 * @typedef {object} ViewerMethods
 * @property {(id: string, list: ViewerList) => void} open  opens, or moves an open viewer to that image
 * @property {(list: ViewerList) => void} refresh  the list grew or changed; stays on the image it shows, and
 *     goes to the next one (else the one before, else closes) if that is gone
 * @property {() => void} close  says `image-closed`, as if the person had closed it
 * @property {(image: ImageJson) => void} saved  the edit arrived: shows it and says "Saved"
 * @property {(id: string, reason: string, newer?: ImageJson) => boolean} refused  the edit did not: says why beside
 *     the field, keeps what was typed. With `newer` (after 412) it shows what the field says now and offers both.
 *     False if nothing is left for the person to do: what touched other fields is sent again by itself
 * @property {(id: string, news: { words: string, isBad?: boolean }) => void} replacing  how the replacement of its
 *     picture goes; said beside the button for it
 * @property {(id: string) => HTMLImageElement | null} thumbnailOf  set by the page: the picture in the grid that an
 *     image opens from and closes to
 * @property {string | null} current  the id shown, null while closed
 */

/**
 * One image as the viewer lays it out before any of its bytes are there.
 *
 * @typedef {object} Slide
 * @property {string} src
 * @property {string} srcset
 * @property {number} width
 * @property {number} height
 * @property {string} alt
 * @property {string} msrc  a smaller picture of it that is here already; may be empty
 * @property {string} color  until any picture is here
 */

/**
 * What buttons and keys of the viewer ask for.
 *
 * @typedef {'previous' | 'next' | 'first' | 'last' | 'close' | 'zoom' | 'panel' | 'edit' | 'delete' | 'download'
 *     | 'copy' | 'retry' | 'restore'} ViewerAction
 */

/**
 * What the bar over a selection offers.
 *
 * @typedef {'clear' | 'tag' | 'describe' | 'download' | 'delete' | 'restore'} SelectionAction
 */

/* Events. */

/** @typedef {'live' | 'reconnecting' | 'away'} LiveState  away: no luck for a while, still trying */

/**
 * What a toast says. `undo` makes it carry an Undo button (and answer Ctrl/Cmd+Z).
 *
 * @typedef {object} Toast
 * @property {string} text
 * @property {'plain' | 'bad'} [kind]
 * @property {() => void} [undo]
 */

/**
 * Event name → detail. All bubble. `announce()` and `hear()` of `lib/dom.js` are typed by this table.
 *
 * @typedef {object} GalleryEvents
 * @property {{ files: File[] }} files-chosen  drop-zone: dropped, pasted or chosen
 * @property {{ upload: Upload }} upload-change  upload/queue.js: an upload is new or has another state
 * @property {{ key: string }} upload-cancel  upload-list
 * @property {{ key: string, choice: Choice }} upload-choose  upload-list: what becomes of one that looks like another
 * @property {{ key: string | null, words: Words }} upload-words  upload-words: what is said of one file, or of all
 * @property {{ choice: Choice }} upload-choose-all  upload-list: of all of them
 * @property {{ key: string }} upload-retry  upload-list
 * @property {Record<string, never>} upload-retry-all  upload-list: try every failed one again
 * @property {{ key: string }} upload-dismiss  upload-list: take this failed one off the list
 * @property {{ id: string }} upload-show  upload-list: show the image that was here already
 * @property {{ id: string }} image-open  image-grid
 * @property {{ id: string }} image-delete  image-grid, image-viewer
 * @property {{ id: string }} image-restore  image-viewer, in the trash
 * @property {{ count: number }} selection-changed  image-grid
 * @property {{ action: SelectionAction }} selection-action  selection-bar, image-grid
 * @property {{ id: string, changes: Changes, version: number }} image-edit  image-viewer
 * @property {{ id: string, file: File, version: number }} image-replace  image-panel
 * @property {{ action: ViewerAction }} viewer-action  viewer-frame, to image-viewer
 * @property {{ index: number }} stage-moved  viewer-stage, as the next ones: another slide is shown
 * @property {{ isLoading: boolean }} stage-loading
 * @property {Record<string, never>} stage-tapped  by a finger, once
 * @property {Record<string, never>} stage-leaving  begins to close
 * @property {Record<string, never>} stage-left  nothing is shown any more
 * @property {{ field: keyof Changes, value: string | string[], shown: string | string[] }} field-changed
 *     edit-field, tag-editor, to image-panel: `shown` is what stood there before
 * @property {{ field: keyof Changes }} field-discarded  edit-field, to image-panel
 * @property {{ id: string }} image-copy-link  image-viewer
 * @property {{ id: string }} image-moved  image-viewer: shows another image now
 * @property {{ id: string }} viewer-failed  image-viewer: its library could not be loaded, `/i/{id}` is left
 * @property {{ id: string }} image-closed  image-viewer: closed; `id` was shown last
 * @property {Record<string, never>} more-wanted  image-grid, image-viewer: the end is near
 * @property {Record<string, never>} grid-changed  image-grid: other images, or the same with other words
 * @property {{ id: string, offset_px: number, isLast: boolean }} place-changed  image-grid: the first image in sight,
 *     after scrolling, or when the page is left
 * @property {{ q: string }} search-changed  search-box, while typing (not debounced)
 * @property {{ tags: string[] }} tags-changed  tag-chips
 * @property {{ image: ImageJson }} image-created  live.js (a restored image comes back as created)
 * @property {{ image: ImageJson }} image-updated  live.js
 * @property {{ id: string }} image-deleted  live.js
 * @property {{ id: string }} image-purged  live.js: from the trash, for ever
 * @property {{ state: LiveState }} live-state  live.js
 * @property {Record<string, never>} live-lost  live.js: changes were missed for good, the list must be read again
 * @property {{ id: string | null }} route-changed  route.js: Back or Forward led to an image, or (null) to the gallery
 */

export {};
