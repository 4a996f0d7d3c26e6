// Runs in a SharedWorker: holds the stream of all tabs of a user. See the option `worker` of connect.
import { Group, globals } from './fanfare.js';

/** What a page asks of the worker. @internal */
export function host(port, env = globals()) {
	port.onmessage = ({ data: { url, name, client, nextAt, options } }) => {
		if (!env.groups.has(name)) {
			const group = Object.assign(new Group(env, url, options, true), { client, name, nextAt, shared: true });
			env.groups.set(name, group);
			group.enter();
		}
	};
}

globalThis.onconnect = ({ ports: [port] }) => host(port);
