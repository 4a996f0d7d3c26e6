// Calls of the API with the key or token of this tab. It is kept in sessionStorage alone: never in an address, a cookie or a link.

const KEY = 'fanfare.key';

/** What the API answers that is no success. */
export class Problem extends Error {

	constructor(status, answer) {
		const errors = (answer.errors ?? []).map((one) => `${one.pointer ?? one.parameter ?? one.header}: ${one.detail}`);
		super([`${status} ${answer.title ?? ''}`.trim(), answer.detail, ...errors].filter(Boolean).join('; '));
		this.status = status;
	}

}

class Access extends EventTarget {

	constructor() {
		super();
		this.me = null;
		this.secret = sessionStorage.getItem(KEY) ?? '';
	}

	/** Finds out what a key or token may do, and keeps it. */
	async login(secret) {
		this.secret = secret;
		try {
			this.me = await this.get('v1/me');
		}
		catch (failure) {
			this.secret = '';
			throw failure;
		}
		sessionStorage.setItem(KEY, secret);
		this.dispatchEvent(new Event('changed'));
	}

	logout(reason = '') {
		sessionStorage.removeItem(KEY);
		this.secret = '';
		this.me = null;
		this.reason = reason;
		this.dispatchEvent(new Event('changed'));
	}

	/** Whether a scope is held for everything. */
	holds(scope) {
		const scopes = this.me?.scopes ?? [];
		return scopes.includes(scope) || scope === 'disconnect' && scopes.includes('admin');
	}

	/** Whether a scope is held for everything or for something. */
	holdsSome(scope) {
		return this.holds(scope) || (this.me?.scopes ?? []).some((one) => one.startsWith(`${scope}:`));
	}

	/** The answer as it came. */
	async fetch(path, options = {}) {
		const { secret } = this;
		const response = await fetch(path, { cache: 'no-store', ...options,
			headers: { ...options.headers, 'Authorization': `Bearer ${secret}` } });
		if (response.ok) {
			return response;
		}
		const problem = new Problem(response.status, await response.json().catch(() => ({})));
		if (response.status === 401 && this.me && secret === this.secret) {
			this.logout('The key or token is not valid any more.');
		}
		throw problem;
	}

	async get(path) {
		return (await this.fetch(path)).json();
	}

	async post(path, body, headers = {}) {
		return (await this.fetch(path, { method: 'POST', body: (typeof body === 'string') ? body : JSON.stringify(body),
			headers: { 'Content-Type': 'application/json', ...headers } })).json();
	}

}

export const access = new Access();
