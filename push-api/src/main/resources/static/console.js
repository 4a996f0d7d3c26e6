// Two streams side by side and a form to publish. Everything that arrives is inserted as text, never as HTML.
//
// The fragment of the address, which no server sees, may carry settings:
//   #key=<API key>   #a=<stream URL of the left pane>   #b=<of the right one>     joined by &

import { Stream } from './stream.js';

const MAX_ENTRIES = 200;
const RENEWAL_MS = 2000;

// Reasons of blocks, in words
const WORDS = {
	'takeover': 'taken over by another page', 'logout': 'logged out', 'permission-change': 'its permissions have changed',
	'revoked': 'its token was revoked', 'full': 'the node is full', 'rate-limited': 'too many attempts',
	'draining': 'the node is ending', 'redis-unavailable': 'Redis does not answer', 'drain': 'the node is ending',
	'keys-unavailable': 'the keys of tokens cannot be fetched',
	'token-expired': 'its token has expired', 'lifetime': 'it was open for long', 'rebalance': 'another node has room'
};

const settings = new URLSearchParams(location.hash.slice(1));
const key = document.querySelector('#key');
key.value = settings.get('key') ?? '';

async function call(path, body) {
	const response = await fetch(path, {
		method: 'POST',
		headers: { 'Authorization': `Bearer ${key.value}`, 'Content-Type': 'application/json' },
		body
	});
	const answer = await response.json();
	if (!response.ok) {
		const text = `${answer.status} ${answer.title}${answer.detail ? `: ${answer.detail}` : ''}`;
		throw Object.assign(new Error(text), { status: response.status });
	}
	return answer;
}

class Pane {

	constructor(name, user, url) {
		this.root = document.querySelector('#pane').content.cloneNode(true).firstElementChild;
		this.log = this.root.querySelector('.log');
		this.entries = this.log.querySelector('ol');
		this.root.querySelector('h2').textContent = name;
		this.root.setAttribute('aria-label', name);
		this.log.setAttribute('aria-label', `What arrives in ${name}`);
		this.field('user').value = user;
		this.field('stream').value = url;
		this.name = name;
		this.cursor = '';
		this.stream = null;
		this.previous = null; // while its successor is not open yet
		this.opened = 0;
		this.connectedAt = 0;
		this.root.addEventListener('click', (event) => {
			const action = event.target.dataset.do;
			if (action) {
				this[action]().catch((failure) => this.note(failure.message));
			}
		});
		document.querySelector('#panes').append(this.root);
	}

	field(name) {
		return this.root.querySelector(`[name=${name}]`);
	}

	async open(lastEventId = '') {
		this.stop();
		const opening = ++this.opened;
		this.user = this.field('user').value;
		this.show('connecting', 'asking for a token');
		let token;
		try {
			token = await this.token();
		}
		catch (failure) {
			if (opening === this.opened) {
				this.show('down', 'no token');
			}
			throw failure;
		}
		if (opening !== this.opened) {
			return;
		}
		const url = new URL(this.field('stream').value, location.href);
		this.field('topics').value.split(',').map((topic) => topic.trim()).filter(Boolean)
			.forEach((topic) => url.searchParams.append('channel', topic));
		// One opening, one client: a fresh one takes over, reconnects are the same one.
		url.searchParams.set('client', crypto.getRandomValues(new Uint32Array(3)).join('.'));
		this.url = url;
		this.begin(token, lastEventId);
	}

	/** Begins a stream. Its first attempt takes this token, each later one a fresh token. */
	begin(token, lastEventId) {
		const address = async () => {
			const url = new URL(this.url);
			url.searchParams.set('access_token', token || await this.token());
			token = '';
			return url;
		};
		const stream = new Stream(address, lastEventId,
			// One that was replaced has ended here, and does not come back.
			(state, reason) => (stream === this.stream) ? this.changed(state, reason) : stream.close(),
			(event) => (stream === this.stream) && this.arrived(event));
		this.stream = stream;
	}

	async token() {
		return (await call('v1/tokens', JSON.stringify({ user: this.user, channels: ['*'] }))).token;
	}

	/** A second stream, with a fresh token, goes on where the present one stands; at most every 2 s. */
	async renew() {
		const stream = this.stream;
		await new Promise((resolve) => setTimeout(resolve, Math.max(0, this.connectedAt + RENEWAL_MS - Date.now())));
		const token = (stream === this.stream) && await this.token();
		if (token && stream === this.stream && !stream.closed) {
			this.previous?.close();
			this.previous = stream;
			this.begin(token, stream.cursor);
		}
	}

	changed(state, reason) {
		switch (state) {
			case 'connecting':
				if (this.previous && !reason) {
					break; // It is still open.
				}
				// What the node said last says more than that the stream is closed.
				this.show('connecting', `connecting${this.said || reason ? ` again: ${this.said || reason}` : ''}`);
				this.said = '';
				break;
			case 'open':
				// Open is said by push.connected: a stream may have to wait, or be refused.
				break;
			case 'refused':
				this.previous?.close();
				this.previous = this.stream = null;
				this.note(`refused: ${reason}`);
				this.show('down', `refused: ${reason}`);
				break;
		}
	}

	arrived({ type, id, data }) {
		if (this.stream.cursor !== this.cursor) {
			this.cursor = this.stream.cursor;
			this.root.querySelector('.cursor code').textContent = this.cursor || 'none';
		}
		if (!type) {
			return;
		}
		this.add(type, id, data);
		if (type.startsWith('push.')) {
			this.platform(type.slice('push.'.length), JSON.parse(data));
		}
		this.buttons();
	}

	platform(type, body) {
		const reason = WORDS[body.reason] ?? body.reason;
		switch (type) {
			case 'connected':
				this.previous?.close();
				this.previous = null;
				this.connectedAt = Date.now();
				this.show('open', `open on ${body.node}`);
				break;
			case 'waiting':
				this.show('connecting', `waiting for a place: ${body.position} of ${body.total}`);
				break;
			case 'kicked':
				this.end(body.reason === 'takeover' && this.successor() ? `taken over by ${this.successor().name}` : reason);
				break;
			case 'refused':
				this.end(`refused: ${body.status} ${body.detail}`);
				break;
			case 'busy':
			case 'goaway':
				this.said = reason;
				break;
			case 'expiring':
				if (body.reason === 'token') {
					this.renew().catch((failure) => this.note(failure.message));
				}
				break;
		}
	}

	/** The other pane, where it has this one's user. */
	successor() {
		return panes.find((pane) => pane !== this && pane.stream && pane.user === this.user);
	}

	end(reason) {
		this.stop();
		this.show('down', reason);
	}

	add(type, id, data) {
		const entry = document.createElement('li');
		entry.classList.toggle('platform', type.startsWith('push.') || type === 'page');
		for (const [tag, className, text] of [['b', '', type], ['span', 'id', id], ['span', 'data', data]]) {
			const part = document.createElement(tag);
			part.className = className;
			part.textContent = text;
			entry.append(part);
		}
		const atEnd = this.log.scrollTop + this.log.clientHeight >= this.log.scrollHeight - 8;
		this.entries.append(entry);
		if (this.entries.childElementCount > MAX_ENTRIES) {
			this.entries.firstElementChild.remove();
		}
		if (atEnd) {
			this.log.scrollTop = this.log.scrollHeight;
		}
	}

	note(text) {
		this.add('page', '', text);
		this.buttons();
	}

	show(state, text) {
		const shown = this.root.querySelector('.state');
		shown.dataset.state = state;
		shown.textContent = text;
		this.buttons();
	}

	/** Those that would do something. */
	buttons() {
		const { state } = this.root.querySelector('.state').dataset;
		const usable = {
			open: key.value && (state === 'closed' || state === 'down'),
			close: state === 'connecting' || state === 'open',
			resume: key.value && this.cursor && state !== 'connecting',
			takeover: key.value && state === 'open',
			logout: key.value && state === 'open',
			clear: this.entries.childElementCount > 0
		};
		for (const [action, use] of Object.entries(usable)) {
			this.root.querySelector(`[data-do=${action}]`).disabled = !use;
		}
	}

	stop() {
		this.opened++;
		this.previous?.close();
		this.stream?.close();
		this.previous = this.stream = null;
		this.said = '';
		this.show('closed', 'closed');
	}

	async close() {
		this.stop();
	}

	async resume() {
		await this.open(this.cursor);
	}

	async takeover() {
		const other = panes.find((pane) => pane !== this);
		other.field('user').value = this.field('user').value;
		await other.open();
	}

	async logout() {
		const user = encodeURIComponent(this.field('user').value);
		const { connection } = await call(`v1/users/${user}/disconnect`, '{"mode":"now","reason":"logout"}');
		this.note(connection ? `asked for the end of ${connection}` : `${this.field('user').value} has no stream`);
	}

	async clear() {
		this.entries.replaceChildren();
		this.buttons();
	}

}

// Behind a proxy that serves all from one address the stream is there too; on the API's own port the nodes are beside it.
const direct = location.port === '8080';
const streamAt = (port) => direct ? `${location.protocol}//${location.hostname}:${port}/events`
	: new URL('/events', location.href).href;
const panes = [
	new Pane('Left', 'alice', settings.get('a') ?? streamAt(8081)),
	new Pane('Right', 'bob', settings.get('b') ?? streamAt(8082))
];

const form = document.querySelector('#publish');
const answer = document.querySelector('#answer');

function target(kind, recipient) {
	switch (kind) {
		case 'all':
			return { all: true };
		case 'users':
			return { users: recipient.split(',').map((user) => user.trim()) };
		default:
			return { [kind]: recipient };
	}
}

/** What a publish came to. */
function inWords({ id, recipients }, kind, topic) {
	if (!recipients) {
		return `stored as ${id}; goes to every stream ${kind === 'all' ? 'there is' : `that has subscribed to ${topic}`}`;
	}
	const streams = recipients.map(({ user, online }) => `${user} has ${online ? 'a stream' : 'no stream'}`);
	return `stored${id ? ` as ${id}` : ''}; ${streams.join(', ')}`;
}

async function publish(kind) {
	const { recipient, event, data, format } = form.elements;
	answer.removeAttribute('data-failed');
	try {
		if (format.value === 'json') {
			JSON.parse(data.value);
		}
		// JSON goes as it was typed, so that its numbers keep their digits.
		const payload = (format.value === 'json') ? data.value : JSON.stringify(data.value);
		const to = JSON.stringify(target(kind, recipient.value));
		const done = await call('v1/messages', `{"to":${to},"event":${JSON.stringify(event.value)},"data":${payload}`
			+ `${format.value === 'json' ? ',"format":"json"' : ''}}`);
		answer.textContent = inWords(done, kind, recipient.value);
	}
	catch (failure) {
		answer.setAttribute('data-failed', '');
		answer.textContent = failure.message;
	}
}

form.addEventListener('submit', (event) => {
	event.preventDefault();
	publish(form.elements.kind.value);
});
form.querySelector('[data-broadcast]').addEventListener('click', () => publish('all'));
form.elements.kind.addEventListener('change', () => {
	const { kind, recipient } = form.elements;
	const [label, value] = { user: ['User', 'alice'], users: ['Users', 'alice, bob'], channel: ['Topic', 'news'],
		all: ['Everyone', ''] }[kind.value];
	form.querySelector('[data-recipient]').textContent = label;
	recipient.value = value;
	recipient.disabled = kind.value === 'all';
});
document.querySelector('#access').addEventListener('submit', (event) => event.preventDefault());

function keyChanged() {
	for (const button of form.querySelectorAll('button')) {
		button.disabled = !key.value;
	}
	panes.forEach((pane) => pane.buttons());
	document.querySelector('#key-needed').hidden = Boolean(key.value);
}

key.addEventListener('input', keyChanged);
keyChanged();
if (key.value) {
	panes.forEach((pane) => pane.open().catch((failure) => pane.note(failure.message)));
}
