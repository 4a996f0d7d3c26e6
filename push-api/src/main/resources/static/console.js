// Two streams side by side and a form to publish. Everything that arrives is inserted as text, never as HTML.
//
// The fragment of the address, which no server sees, may carry settings:
//   #key=<API key>   #a=<stream URL of the left pane>   #b=<of the right one>     joined by &

const PLATFORM = ['push.connected', 'push.gap', 'push.waiting', 'push.busy', 'push.goaway', 'push.kicked', 'push.expiring',
	'push.probe', 'push.heartbeat', 'push.refused'];
const MAX_ENTRIES = 200;

const settings = new URLSearchParams(location.hash.slice(1));
const key = document.querySelector('#key');
key.value = settings.get('key') ?? '';

// A native EventSource hears an event only if somebody listens to it by name.
const names = new Set(['message', 'order', 'headline', 'maintenance', 'typing']);

async function call(path, body) {
	const response = await fetch(path, {
		method: 'POST',
		headers: { 'Authorization': `Bearer ${key.value}`, 'Content-Type': 'application/json' },
		body
	});
	const answer = await response.json();
	if (!response.ok) {
		throw new Error(`${answer.status} ${answer.title}${answer.detail ? `: ${answer.detail}` : ''}`);
	}
	return answer;
}

class Pane {

	constructor(name, user, url) {
		this.root = document.querySelector('#pane').content.cloneNode(true).firstElementChild;
		this.log = this.root.querySelector('.log');
		this.root.querySelector('h2').textContent = name;
		this.root.setAttribute('aria-label', name);
		this.log.setAttribute('aria-label', `What arrives in ${name}`);
		this.field('user').value = user;
		this.field('stream').value = url;
		this.cursor = '';
		this.source = null;
		this.opened = 0;
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
		this.show('connecting', 'asking for a token');
		let token;
		try {
			({ token } = await call('v1/tokens', JSON.stringify({ user: this.field('user').value, channels: ['*'] })));
		}
		catch (failure) {
			this.show('down', 'no token');
			throw failure;
		}
		if (opening !== this.opened) {
			return;
		}
		const url = new URL(this.field('stream').value, location.href);
		this.field('topics').value.split(',').map((topic) => topic.trim()).filter(Boolean)
			.forEach((topic) => url.searchParams.append('channel', topic));
		// One EventSource, one client: a fresh one takes over, the browser's own reconnects are the same one.
		url.searchParams.set('client', crypto.getRandomValues(new Uint32Array(3)).join('.'));
		url.searchParams.set('access_token', token);
		if (lastEventId) {
			url.searchParams.set('lastEventId', lastEventId);
		}
		this.listen(new EventSource(url));
	}

	listen(source) {
		this.source = source;
		this.heard = new Set();
		this.show('connecting', 'connecting');
		source.onopen = () => this.show('open', 'open');
		source.onerror = () => {
			if (source.readyState === EventSource.CLOSED) {
				this.show('down', 'closed by the node, and stays down');
				this.source = null;
			}
			else {
				this.show('connecting', 'connecting again');
			}
		};
		PLATFORM.forEach((name) => this.hear(name));
		names.forEach((name) => this.hear(name));
	}

	hear(name) {
		if (this.source && !this.heard.has(name)) {
			this.heard.add(name);
			this.source.addEventListener(name, (event) => this.arrived(event));
		}
	}

	arrived(event) {
		// k.<generation> is what a kicked stream comes back with, not a place in the history.
		if (event.lastEventId && !event.lastEventId.startsWith('k.')) {
			this.cursor = event.lastEventId;
			this.root.querySelector('.cursor code').textContent = this.cursor;
		}
		this.add(event.type, event.lastEventId, event.data);
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
		this.log.append(entry);
		if (this.log.childElementCount > MAX_ENTRIES) {
			this.log.firstElementChild.remove();
		}
		if (atEnd) {
			this.log.scrollTop = this.log.scrollHeight;
		}
	}

	note(text) {
		this.add('page', '', text);
	}

	show(state, text) {
		const shown = this.root.querySelector('.state');
		shown.dataset.state = state;
		shown.textContent = text;
	}

	stop() {
		this.opened++;
		this.source?.close();
		this.source = null;
		this.show('closed', 'closed');
	}

	async close() {
		this.stop();
	}

	async resume() {
		if (!this.cursor) {
			this.note('There is no cursor yet: open the stream first');
			return;
		}
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
		this.note(connection ? `asked for the end of ${connection}` : 'the user has no stream');
	}

	async clear() {
		this.log.replaceChildren();
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

async function publish(kind) {
	const { recipient, event, data, format } = form.elements;
	answer.removeAttribute('data-failed');
	try {
		names.add(event.value);
		panes.forEach((pane) => pane.hear(event.value));
		if (format.value === 'json') {
			JSON.parse(data.value);
		}
		// JSON goes as it was typed, so that its numbers keep their digits.
		const payload = (format.value === 'json') ? data.value : JSON.stringify(data.value);
		const to = JSON.stringify(target(kind, recipient.value));
		const done = await call('v1/messages', `{"to":${to},"event":${JSON.stringify(event.value)},"data":${payload}`
			+ `${format.value === 'json' ? ',"format":"json"' : ''}}`);
		answer.textContent = JSON.stringify(done);
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
