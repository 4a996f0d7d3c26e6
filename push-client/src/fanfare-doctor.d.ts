export type Diagnosis = import('./types.js').Diagnosis;
export type DiagnoseOptions = import('./types.js').DiagnoseOptions;
export type Finding = import('./types.js').Finding;
/**
 * Finds out what lies between here and a node, within 40 s. Two streams of the node's own, which follow a script, and two refusals are
 * asked for; no user, no token and no message is involved.
 * @param {string | URL} url of the stream, such as `https://push.example/events`; its query is not sent
 * @param {DiagnoseOptions} [options]
 * @returns {Promise<Diagnosis>}
 */
export declare function diagnose(url: string | URL, options?: DiagnoseOptions, env?: any): Promise<Diagnosis>;
