// Two streams side by side and a form to publish. Everything that arrives is inserted as text, never as HTML.
//
// Where streams are is told by the API alone: a link that named an address would have the page send its tokens there.

import streams from './streams.js';
import { connect, globals } from './client/fanfare.js';

const MAX_ENTRIES = 200;
// What the client hands on besides messages; it shows the rest by its states.
const PLATFORM = ['connected', 'expiring', 'gap', 'goaway', 'kicked', 'retracted', 'unsubscribed'];

// Reasons of blocks, in words
const WORDS = {
	'takeover': 'taken over by another page', 'logout': 'logged out', 'permission-change': 'its permissions have changed',
	'revoked': 'its token was revoked', 'full': 'the node is full', 'rate-limited': 'too many attempts',
	'draining': 'the node is ending', 'redis-unavailable': 'Redis does not answer', 'drain': 'the node is ending',
	'keys-unavailable': 'the keys of tokens cannot be fetched',
	'token-expired': 'its token has expired', 'lifetime': 'it was open for long', 'rebalance': 'another node has room'
};

const PAGE = `
	<section class="card" aria-labelledby="try-title">
		<h2 id="try-title">What to try</h2>
		<p id="key-needed" hidden>Enter an API key above, then open the panes.</p>
		<ol>
			<li><strong>Receive.</strong> Publish to alice: only her pane receives it, whichever node it is on. Broadcast: both do.</li>
			<li><strong>Resume.</strong> Close a pane, publish to its user, press Reopen with cursor: what was missed comes first.</li>
			<li><strong>Take over.</strong> Press Take over in other pane: the same user opens there, and the old stream stays down.</li>
			<li><strong>Log out.</strong> Ends the user's stream wherever it is (needs the scope disconnect).</li>
		</ol>
	</section>

	<form id="publish" class="card" aria-labelledby="publish-title">
		<h2 id="publish-title">Publish</h2>
		<div class="row">
			<label>To
				<select name="kind">
					<option value="user">one user</option>
					<option value="users">some users</option>
					<option value="channel">a topic</option>
					<option value="all">everyone</option>
				</select>
			</label>
			<label class="wide"><span data-recipient>User</span> <input name="recipient" value="alice" spellcheck="false"></label>
			<label>Event <input name="event" value="message" spellcheck="false" list="events"></label>
			<datalist id="events"><option value="message"><option value="order"><option value="headline"></datalist>
		</div>
		<div class="row">
			<label class="wide">Data <textarea name="data" rows="2" spellcheck="false">{"id": 42, "state": "shipped"}</textarea></label>
			<label>as
				<select name="format">
					<option value="json">JSON</option>
					<option value="text">text</option>
				</select>
			</label>
		</div>
		<div class="buttons">
			<button type="submit" class="primary">Publish</button>
			<button type="button" data-broadcast>Broadcast to everyone</button>
			<output id="answer" aria-live="polite"></output>
		</div>
	</form>

	<div class="panes" id="panes"></div>
`;

const PANE = `
	<section class="card pane">
		<div class="head"><h2></h2><span class="state" role="status" data-state="closed">closed</span></div>
		<div class="row">
			<label>User <input name="user" spellcheck="false"></label>
			<label>Topics <input name="topics" value="news" spellcheck="false"></label>
			<label class="wide">Stream <select name="stream"></select></label>
		</div>
		<div class="buttons">
			<button type="button" data-do="open" class="primary">Open</button>
			<button type="button" data-do="close">Close</button>
			<button type="button" data-do="resume">Reopen with cursor</button>
			<button type="button" data-do="takeover">Take over in other pane</button>
			<button type="button" data-do="logout">Log out</button>
			<button type="button" data-do="clear">Clear</button>
		</div>
		<p class="cursor">Cursor <code>none</code></p>
		<div class="log" role="log" tabindex="0"><ol></ol></div>
	</section>
`;

/** Elements of a text that is written here. */
function fragment(text) {
	const template = document.createElement('template');
	template.innerHTML = text;
	return template.content.cloneNode(true);
}

class Pane {

	constructor(page, name, user, url) {
		this.page = page;
		this.root = fragment(PANE).firstElementChild;
		this.log = this.root.querySelector('.log');
		this.entries = this.log.querySelector('ol');
		this.root.querySelector('h2').textContent = name;
		this.root.setAttribute('aria-label', name);
		this.log.setAttribute('aria-label', `What arrives in ${name}`);
		this.field('user').value = user;
		this.field('stream').append(...streams.map((stream) => new Option(stream)));
		this.field('stream').value = url;
		this.name = name;
		this.cursor = '';
		this.push = null;
		this.opened = 0;
		this.root.addEventListener('click', (event) => {
			const action = event.target.dataset.do;
			if (action) {
				this[action]().catch((failure) => this.note(failure.message));
			}
		});
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
		try {
			this.push = this.connect(token, lastEventId);
		}
		catch (failure) {
			this.show('down', 'no stream');
			throw failure;
		}
		this.push.onState((state) => this.changed(state));
		this.push.on('*', (data, event) => this.arrived(event));
		PLATFORM.forEach((name) => this.push.on(`push.${name}`, (data, event) => {
			this.arrived(event);
			if (name === 'connected') {
				this.show('open', `open on ${data.node}`);
			}
		}));
	}

	/** The first attempt takes this token, each later one a fresh token. */
	connect(token, lastEventId) {
		return connect(this.field('stream').value, {
			// One opening, one client: a fresh one takes over, reconnects are the same one.
			tabs: 'each',
			user: this.name,
			channels: this.field('topics').value.split(',').map((topic) => topic.trim()).filter(Boolean),
			token: async () => {
				const first = token;
				token = '';
				return first || await this.token();
			},
			...(lastEventId ? { lastEventId } : {})
		}, {
			...globals(),
			groups: new Map() // panes share no stream, whatever their addresses
		});
	}

	async token() {
		return (await this.page.call('v1/tokens', JSON.stringify({ user: this.user, channels: ['*'] }))).token;
	}

	changed({ name, reason, status, position, total }) {
		const words = WORDS[reason] ?? reason;
		const said = status ? `${status} ${words}` : words;
		switch (name) {
			case 'connecting':
				this.show('connecting', 'connecting');
				break;
			case 'waiting':
				this.show('connecting', `waiting for a place: ${position} of ${total}`);
				break;
			case 'reconnecting':
				this.show('connecting', `connecting again: ${words}`);
				break;
			case 'kicked':
				this.show('down', reason === 'takeover' && this.successor() ? `taken over by ${this.successor().name}` : words);
				break;
			case 'failed':
				this.note(`refused: ${said}`);
				this.show('down', `refused: ${said}`);
				break;
		}
	}

	arrived({ type, id, data }) {
		this.showCursor();
		this.add(type, id, data);
		this.buttons();
	}

	showCursor() {
		const cursor = this.push?.stats().lastEvent;
		if (cursor && cursor !== this.cursor) {
			this.cursor = cursor;
			this.root.querySelector('.cursor code').textContent = cursor;
		}
	}

	/** The other pane, where it has this one's user and a stream. */
	successor() {
		return this.page.panes.find((pane) => pane !== this && pane.user === this.user && pane.push && pane.push.state.name !== 'kicked');
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
			open: this.page.key && (state === 'closed' || state === 'down'),
			close: state === 'connecting' || state === 'open',
			resume: this.page.key && this.cursor && state !== 'connecting',
			takeover: this.page.key && state === 'open',
			logout: this.page.key && state === 'open',
			clear: this.entries.childElementCount > 0
		};
		for (const [action, use] of Object.entries(usable)) {
			this.root.querySelector(`[data-do=${action}]`).disabled = !use;
		}
	}

	stop() {
		this.opened++;
		this.showCursor();
		this.push?.close();
		this.push = null;
		this.show('closed', 'closed');
	}

	async close() {
		this.stop();
	}

	async resume() {
		await this.open(this.cursor);
	}

	async takeover() {
		const other = this.page.panes.find((pane) => pane !== this);
		other.field('user').value = this.field('user').value;
		await other.open();
	}

	async logout() {
		const user = encodeURIComponent(this.field('user').value);
		const { connection } = await this.page.call(`v1/users/${user}/disconnect`, '{"mode":"now","reason":"logout"}');
		this.note(connection ? `asked for the end of ${connection}` : `${this.field('user').value} has no stream`);
	}

	async clear() {
		this.entries.replaceChildren();
		this.buttons();
	}

}

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

/** The list of what to try, the form and the panes. Its key may change. */
export class FanfareTry extends HTMLElement {

	connectedCallback() {
		this.replaceChildren(fragment(PAGE));
		this.form = this.querySelector('#publish');
		this.answer = this.querySelector('#answer');
		this.panes = [new Pane(this, 'Left', 'alice', streams[0]), new Pane(this, 'Right', 'bob', streams[1 % streams.length])];
		this.querySelector('#panes').append(...this.panes.map(({ root }) => root));
		this.form.addEventListener('submit', (event) => {
			event.preventDefault();
			this.publish(this.form.elements.kind.value);
		});
		this.form.querySelector('[data-broadcast]').addEventListener('click', () => this.publish('all'));
		this.form.elements.kind.addEventListener('change', () => this.kindChanged());
		this.keyChanged();
	}

	/** Opens both panes. */
	open() {
		this.panes.forEach((pane) => pane.open().catch((failure) => pane.note(failure.message)));
	}

	disconnectedCallback() {
		this.panes.forEach((pane) => pane.stop());
	}

	get key() {
		return this.secret ?? '';
	}

	set key(key) {
		this.secret = key;
		if (this.panes) {
			this.keyChanged();
		}
	}

	keyChanged() {
		for (const button of this.form.querySelectorAll('button')) {
			button.disabled = !this.key;
		}
		this.panes.forEach((pane) => pane.buttons());
		this.querySelector('#key-needed').hidden = Boolean(this.key);
	}

	kindChanged() {
		const { kind, recipient } = this.form.elements;
		const [label, value] = { user: ['User', 'alice'], users: ['Users', 'alice, bob'], channel: ['Topic', 'news'], all: ['Everyone', ''] }[kind.value];
		this.form.querySelector('[data-recipient]').textContent = label;
		recipient.value = value;
		recipient.disabled = kind.value === 'all';
	}

	async call(path, body) {
		const response = await fetch(path, {
			method: 'POST',
			headers: { 'Authorization': `Bearer ${this.key}`, 'Content-Type': 'application/json' },
			body
		});
		const answer = await response.json();
		if (!response.ok) {
			const text = `${answer.status} ${answer.title}${answer.detail ? `: ${answer.detail}` : ''}`;
			throw Object.assign(new Error(text), { status: response.status });
		}
		return answer;
	}

	async publish(kind) {
		const { recipient, event, data, format } = this.form.elements;
		this.answer.removeAttribute('data-failed');
		try {
			if (format.value === 'json') {
				JSON.parse(data.value);
			}
			// JSON goes as it was typed, so that its numbers keep their digits.
			const payload = (format.value === 'json') ? data.value : JSON.stringify(data.value);
			const to = JSON.stringify(target(kind, recipient.value));
			const done = await this.call('v1/messages', `{"to":${to},"event":${JSON.stringify(event.value)},"data":${payload}`
				+ `${format.value === 'json' ? ',"format":"json"' : ''}}`);
			this.answer.textContent = inWords(done, kind, recipient.value);
		}
		catch (failure) {
			this.answer.setAttribute('data-failed', '');
			this.answer.textContent = failure.message;
		}
	}

}

customElements.define('fanfare-try', FanfareTry);
