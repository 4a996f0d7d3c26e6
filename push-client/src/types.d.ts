export type Options = {
    /**
     * a fresh token, or null where nobody is signed in. Without it the
     * browser's cookies are sent
     */
    token?: () => string | null | Promise<string | null>;
    /**
     * topics, at most 32 of all tabs together
     */
    channels?: string[];
    /**
     * one stream for all tabs of a user (default), or one per tab
     */
    tabs?: 'shared' | 'each';
    /**
     * `close`: the tab leaves after 60 s in the background
     */
    whenHidden?: 'keep' | 'close';
    /**
     * failures in a row; any number by default
     */
    maxAttempts?: number;
    /**
     * pauses in ms: 1000 and 30000 by default
     */
    backoff?: {
        min?: number;
        max?: number;
    };
    /**
     * the cursor to begin at, or `earliest`
     */
    lastEventId?: string;
    /**
     * the tabs of a user share; the token's `sub` by default
     */
    user?: string;
    /**
     * address of fanfare-worker.js on the page's own origin: a SharedWorker then holds the stream
     */
    worker?: string | URL;
    /**
     * keeps the cursor over a reload
     */
    keepCursor?: boolean;
    /**
     * heartbeats as `push.heartbeat`
     */
    heartbeat?: 'event';
    /**
     * logs each change of state
     */
    debug?: boolean;
};
export type State = {
    name: 'connecting' | 'waiting' | 'open' | 'reconnecting' | 'kicked' | 'failed' | 'closed';
    /**
     * in the waiting room
     */
    position?: number;
    /**
     * requests that wait
     */
    total?: number;
    /**
     * null while it is not known
     */
    estimateMs?: number | null;
    /**
     * when the next try is, in ms since 1970
     */
    at?: number;
    /**
     * why
     */
    reason?: Reason | string;
    /**
     * of the refusal
     */
    status?: number;
    /**
     * of the backend
     */
    message?: string;
};
export type Reason = Stop | ComeBack | ComeBackAfter;
export type Stop = 'takeover' | 'logout' | 'permission-change' | 'revoked';
export type ComeBack = 'lifetime' | 'idle' | 'maintenance' | 'drain' | 'rebalance' | 'slow' | 'zombie' | 'error' | 'memory' | 'preempted' | 'token-expired';
export type ComeBackAfter = 'full' | 'rate-limited' | 'draining' | 'redis-unavailable' | 'keys-unavailable' | 'error';
export type PushEvent = {
    type: string;
    id: string;
    /**
     * as it came
     */
    data: string;
    /**
     * the topic that it came by; null for the channel of the user and for `all`
     */
    channel: string | null;
    /**
     * with `{ack: 'manual'}`: acknowledges this message
     */
    ack?: () => void;
};
export type Listener = (data: any, event: PushEvent) => void;
export type Gap = {
    channels: string[];
    from: string;
    to: string;
    reason: string;
    retryMs: number;
};
export type Stats = {
    /**
     * streams that serve this page, and the tab that holds each
     */
    connections: {
        id: string;
        since: number;
        tab: string;
        url: string;
    }[];
    opens: number;
    reconnects: number;
    messages: number;
    /**
     * dropped ones
     */
    duplicates: number;
    gaps: number;
    errors: number;
    /**
     * the cursor
     */
    lastEvent: string | undefined;
    /**
     * of the last acknowledgement, ms
     */
    roundTrip?: number;
    /**
     * this tab
     */
    tab: string;
    /**
     * that share the stream
     */
    tabs: number;
};
export type Push = {
    /**
     * the same object until it changes
     */
    state: State;
    /**
     * listens to messages of a name, `*` to all;
     * to platform events, such as `push.retracted`, by their names only. Data is parsed where it is JSON. With `manual` the listener calls
     * `event.ack()`. Returns what ends it
     */
    on: (type: string, listener: Listener, options?: {
        ack?: 'manual';
    }) => () => void;
    /**
     * is called at each change
     */
    onState: (listener: (state: State) => void) => () => void;
    /**
     * messages are gone: after `retryMs` the page loads its state anew
     */
    onGap: (listener: (gap: Gap) => void) => () => void;
    /**
     * adds a topic. Several calls in one turn cost one reopen, and nothing is missed
     */
    subscribe: (topic: string) => void;
    unsubscribe: (topic: string) => void;
    /**
     * after `kicked` or `failed`: receives here again
     */
    takeOver: () => void;
    /**
     * the stream closes with the last
     */
    close: () => void;
    stats: () => Stats;
    /**
     * prints tables in the console
     */
    debug: () => void;
};
export type DiagnoseOptions = {
    /**
     * gives up
     */
    signal?: AbortSignal;
    /**
     * is called twice per second
     */
    onProgress?: (progress: {
        elapsedMs: number;
        totalMs: number;
    }) => void;
};
export type Finding = {
    /**
     * of the catalogue, such as `buffered`
     */
    id: string;
    severity: 'problem' | 'note';
    title: string;
    /**
     * what was seen
     */
    detail: string | null;
    /**
     * it hurts
     */
    why: string;
    /**
     * lines of configuration; null where a proxy has none
     */
    mend: {
        nginx: string | null;
        haproxy: string | null;
        caddy: string | null;
    };
};
export type Measured = {
    /**
     * of the client's connection: `h2`, `http/1.1`
     */
    protocol?: string;
    /**
     * of the node
     */
    heartbeatMs?: number;
    /**
     * by how much the client's clock is ahead at least; negative: behind
     */
    skewMs?: number;
    /**
     * how long events were held back at most
     */
    heldMs?: number;
    /**
     * how many bytes were sent before any was let through
     */
    heldBytes?: number;
    /**
     * how long a stream could be silent
     */
    cutAfterSilenceMs?: number;
    /**
     * how long a stream lasted
     */
    cutAfterMs?: number;
};
export type Diagnosis = {
    /**
     * that was examined
     */
    url: string;
    /**
     * empty where all is well
     */
    findings: Finding[];
    measured: Measured;
    /**
     * what the findings are made of
     */
    observations: object;
};
/**
 * @typedef {object} Options
 * @property {() => string | null | Promise<string | null>} [token] a fresh token, or null where nobody is signed in. Without it the
 * browser's cookies are sent
 * @property {string[]} [channels] topics, at most 32 of all tabs together
 * @property {'shared' | 'each'} [tabs] one stream for all tabs of a user (default), or one per tab
 * @property {'keep' | 'close'} [whenHidden] `close`: the tab leaves after 60 s in the background
 * @property {number} [maxAttempts] failures in a row; any number by default
 * @property {{min?: number, max?: number}} [backoff] pauses in ms: 1000 and 30000 by default
 * @property {string} [lastEventId] the cursor to begin at, or `earliest`
 * @property {string} [user] the tabs of a user share; the token's `sub` by default
 * @property {string | URL} [worker] address of fanfare-worker.js on the page's own origin: a SharedWorker then holds the stream
 * @property {boolean} [keepCursor] keeps the cursor over a reload
 * @property {'event'} [heartbeat] heartbeats as `push.heartbeat`
 * @property {boolean} [debug] logs each change of state
 */
/**
 * @typedef {object} State
 * @property {'connecting' | 'waiting' | 'open' | 'reconnecting' | 'kicked' | 'failed' | 'closed'} name
 * @property {number} [position] in the waiting room
 * @property {number} [total] requests that wait
 * @property {number | null} [estimateMs] null while it is not known
 * @property {number} [at] when the next try is, in ms since 1970
 * @property {Reason | string} [reason] why
 * @property {number} [status] of the refusal
 * @property {string} [message] of the backend
 */
/**
 * @typedef {Stop | ComeBack | ComeBackAfter} Reason why a stream ended; unknown ones are handled by the block that carries them
 */
/** @typedef {'takeover' | 'logout' | 'permission-change' | 'revoked'} Stop of `push.kicked`: final */
/**
 * @typedef {'lifetime' | 'idle' | 'maintenance' | 'drain' | 'rebalance' | 'slow' | 'zombie' | 'error' | 'memory' | 'preempted'
 * | 'token-expired'} ComeBack of `push.goaway`: nothing is lost
 */
/**
 * @typedef {'full' | 'rate-limited' | 'draining' | 'redis-unavailable' | 'keys-unavailable' | 'error'} ComeBackAfter of `push.busy`:
 * the stream was not admitted
 */
/**
 * @typedef {object} PushEvent
 * @property {string} type
 * @property {string} id
 * @property {string} data as it came
 * @property {string | null} channel the topic that it came by; null for the channel of the user and for `all`
 * @property {() => void} [ack] with `{ack: 'manual'}`: acknowledges this message
 */
/** @typedef {(data: any, event: PushEvent) => void} Listener */
/** @typedef {{channels: string[], from: string, to: string, reason: string, retryMs: number}} Gap */
/**
 * @typedef {object} Stats
 * @property {{id: string, since: number, tab: string, url: string}[]} connections streams that serve this page, and the tab that holds each
 * @property {number} opens
 * @property {number} reconnects
 * @property {number} messages
 * @property {number} duplicates dropped ones
 * @property {number} gaps
 * @property {number} errors
 * @property {string | undefined} lastEvent the cursor
 * @property {number} [roundTrip] of the last acknowledgement, ms
 * @property {string} tab this tab
 * @property {number} tabs that share the stream
 */
/**
 * @typedef {object} Push a page's hold on the stream
 * @property {State} state the same object until it changes
 * @property {(type: string, listener: Listener, options?: {ack?: 'manual'}) => () => void} on listens to messages of a name, `*` to all;
 * to platform events, such as `push.retracted`, by their names only. Data is parsed where it is JSON. With `manual` the listener calls
 * `event.ack()`. Returns what ends it
 * @property {(listener: (state: State) => void) => () => void} onState is called at each change
 * @property {(listener: (gap: Gap) => void) => () => void} onGap messages are gone: after `retryMs` the page loads its state anew
 * @property {(topic: string) => void} subscribe adds a topic. Several calls in one turn cost one reopen, and nothing is missed
 * @property {(topic: string) => void} unsubscribe
 * @property {() => void} takeOver after `kicked` or `failed`: receives here again
 * @property {() => void} close the stream closes with the last
 * @property {() => Stats} stats
 * @property {() => void} debug prints tables in the console
 */
/**
 * @typedef {object} DiagnoseOptions of the doctor
 * @property {AbortSignal} [signal] gives up
 * @property {(progress: {elapsedMs: number, totalMs: number}) => void} [onProgress] is called twice per second
 */
/**
 * @typedef {object} Finding what lies between client and node
 * @property {string} id of the catalogue, such as `buffered`
 * @property {'problem' | 'note'} severity
 * @property {string} title
 * @property {string | null} detail what was seen
 * @property {string} why it hurts
 * @property {{nginx: string | null, haproxy: string | null, caddy: string | null}} mend lines of configuration; null where a proxy has none
 */
/**
 * @typedef {object} Measured absent where it was not seen
 * @property {string} [protocol] of the client's connection: `h2`, `http/1.1`
 * @property {number} [heartbeatMs] of the node
 * @property {number} [skewMs] by how much the client's clock is ahead at least; negative: behind
 * @property {number} [heldMs] how long events were held back at most
 * @property {number} [heldBytes] how many bytes were sent before any was let through
 * @property {number} [cutAfterSilenceMs] how long a stream could be silent
 * @property {number} [cutAfterMs] how long a stream lasted
 */
/**
 * @typedef {object} Diagnosis
 * @property {string} url that was examined
 * @property {Finding[]} findings empty where all is well
 * @property {Measured} measured
 * @property {object} observations what the findings are made of
 */
export {};
