// Runs in a SharedWorker: leads the tabs of a group. See the option `worker` of connect.
import { host } from './fanfare.js';

globalThis.onconnect = ({ ports: [port] }) => host(port);
