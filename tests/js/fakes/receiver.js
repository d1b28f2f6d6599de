/** @import { Given, Receiving, Ticket, Wanted } from '../../../static/js/upload/calls.js' */

import { mock } from 'node:test';

import { ApiError } from '../../../static/js/api.js';
import * as calls from '../../../static/js/upload/calls.js';
import { image } from './images.js';

/** A gallery that gives tickets and receives slices, as the test wants it; and a store beside it. */
export class FakeReceiver {
  /** @type {Map<string, number>} ticket → bytes that are here */
  offsets = new Map();
  /** @type {Set<string>} tickets whose files are in the store */
  stored = new Set();
  /** @type {Wanted[][]} the calls for tickets */
  asked = [];
  /** @type {Wanted[]} what tickets were asked for */
  begun = [];
  /** @type {number[]} sizes of the slices */
  slices = [];
  /** @type {string[]} */
  cancelled = [];
  /** @type {string[]} tickets whose file was said to be sent */
  completed = [];
  /** Milliseconds that a slice takes, given its size. */
  took_ms = (/** @type {number} */ _bytes) => 0;
  /** @type {unknown[]} what the next slices meet instead */
  troubles = [];
  /** @type {Partial<Receiving>[]} what is said once all is there; the last one for good */
  ends = [{ status: 'ready', image: image() }];
  /** @type {Given | null} what is given instead of a ticket */
  reply = null;
  /** @type {Partial<Ticket & { method: 'form' }> | null} where files go, if not here */
  form = null;

  /** @type {typeof calls} */
  get calls() {
    return {
      ...calls,
      askForTickets: async (files) => {
        this.asked.push(files);
        return files.map((file) => this.#give(file));
      },
      findOffset: async (id) => this.#offset(id),
      sendSlice: async (id, slice, { offset }) => this.#receive(id, slice, offset),
      uploadStatus: async (id) => {
        if (!this.offsets.has(id)) {
          throw problem(404);
        }
        return { status: 'pending', offset: this.#offset(id), ...this.#end() };
      },
      completeUpload: async (id) => {
        this.completed.push(id);
        if (!this.stored.has(id)) {
          throw this.offsets.has(id) ? problem(409, 'not_arrived') : problem(404);
        }
        return { status: 'processing', offset: 0, ...this.#end() };
      },
      cancelUpload: (id) => this.cancelled.push(id),
    };
  }

  #end() {
    return (this.ends.length > 1 ? this.ends.shift() : this.ends[0]) ?? {};
  }

  /**
   * @param {Wanted} file
   * @returns {Given}
   */
  #give(file) {
    this.begun.push(file);
    const id = `t${this.begun.length}`;
    this.offsets.set(id, 0);
    const form = this.form && file.method !== 'tus' ? formTicket(id, this.form) : null;
    return this.reply ?? form ?? { id, method: 'tus' };
  }

  /** @param {string} id */
  #offset(id) {
    const offset = this.offsets.get(id);
    if (offset === undefined) {
      throw problem(404);
    }
    return offset;
  }

  /**
   * @param {string} id
   * @param {Blob} slice
   * @param {number} offset
   */
  #receive(id, slice, offset) {
    if (this.troubles.length > 0) {
      throw this.troubles.shift();
    }
    if (offset !== this.#offset(id)) {
      throw problem(409);
    }
    this.slices.push(slice.size);
    mock.timers.tick(this.took_ms(slice.size));
    this.offsets.set(id, offset + slice.size);
    return offset + slice.size;
  }
}

/**
 * Leave to send a file to a store.
 *
 * @param {string} id
 * @param {Partial<Ticket & { method: 'form' }>} [more]
 * @returns {Ticket}
 */
export function formTicket(id, more = {}) {
  return {
    id,
    method: 'form',
    url: 'https://store.example/upload',
    fields: { key: id, signature: 'abc' },
    file_field: 'file',
    expires_at: new Date(Date.now() + 15 * 60_000).toISOString(),
    chunk_bytes: null,
    ...more,
  };
}

/**
 * @param {number} status
 * @param {string} [code]
 */
export function problem(status, code = 'x') {
  return new ApiError({ title: 'No', status, code, detail: 'Not so.' });
}
