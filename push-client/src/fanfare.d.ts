export type Options = import('./types.js').Options;
export type State = import('./types.js').State;
export type PushEvent = import('./types.js').PushEvent;
export type Push = import('./types.js').Push;
/** @typedef {import('./types.js').Options} Options */
/** @typedef {import('./types.js').State} State */
/** @typedef {import('./types.js').PushEvent} PushEvent */
/** @typedef {import('./types.js').Push} Push */
/**
 * Opens the stream of an address, or shares the one that is open.
 * @param {string | URL} url of the stream, such as `https://push.example/events`
 * @param {Options} [options]
 * @returns {Push}
 */
export declare function connect(url: string | URL, options?: Options, env?: any): Push;
