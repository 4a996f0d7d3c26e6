// One user: the stream, its end, and what the user is sent.

import { Parser } from '../client/fanfare.js';
import { access } from './api.js';
import { age, field, h, number, run, say, select } from './dom.js';

const MAX_ENTRIES = 200;

function ago(time) {
	return age((Date.now() - Date.parse(time)) / 1000);
}

function details({ node, connection, since, tier, details: more }) {
	const rows = [['Node', node], ['Connection', connection], ['Open for', `${ago(since)} (since ${new Date(since).toLocaleString('en')})`], ['Tier', tier]];
	if (!more) {
		return [...rows, ['Details', 'its node did not answer']];
	}
	return [...rows, ['State', more.state], ['Client', more.client], ['Address', more.address ?? 'shown to the scope admin'],
		['Last event', `${ago(more.lastActivityAt)} ago`],
		['Acknowledged', more.lastAcknowledgedAt ? `${ago(more.lastAcknowledgedAt)} ago` : 'never'],
		['Round trip', more.roundTripMs === undefined ? '–' : `${number(more.roundTripMs)} ms`],
		['Sent', `${number(more.messagesSent)} messages, ${number(more.bytesSent)} bytes`], ['Errors', number(more.errors)]];
}

class FanfareUser extends HTMLElement {

	connectedCallback() {
		this.input = h('input', { name: 'user', required: true, spellcheck: 'false', autocomplete: 'off' });
		this.input.value = new URLSearchParams(location.hash.split('?')[1] ?? '').get('id') ?? '';
		this.answer = h('output', { 'aria-live': 'polite' });
		this.find = h('button', { class: 'primary' }, 'Look up');
		this.stream = h('dl', {});
		this.online = h('p', { class: 'state', role: 'status', 'data-state': 'closed' }, 'not looked up');
		const form = h('form', { class: 'card', 'aria-label': 'Look up', id: 'lookup', onsubmit: (event) => {
			event.preventDefault();
			this.lookUp();
		} }, h('div', { class: 'row' }, field('User', this.input, true)), h('div', { class: 'buttons' }, this.find, this.answer));
		this.replaceChildren(h('h2', { class: 'view' }, 'User'), form,
			h('section', { class: 'card', 'aria-labelledby': 'stream-title' }, h('h2', { id: 'stream-title' }, 'Stream'), this.online, this.stream),
			this.disconnectForm(), this.tailSection());
		if (this.input.value) {
			this.lookUp();
		}
	}

	disconnectedCallback() {
		this.abort?.abort();
	}

	get user() {
		return this.input.value;
	}

	path(rest = '') {
		return `v1/users/${encodeURIComponent(this.user)}${rest}`;
	}

	async lookUp() {
		if (!access.holdsSome('read')) {
			say(this.answer, 'To look a user up needs the scope read.', true);
			return;
		}
		history.replaceState(null, '', `#/user?id=${encodeURIComponent(this.user)}`);
		await run(this.find, this.answer, async () => {
			this.online.dataset.state = 'closed';
			this.online.textContent = '';
			this.stream.replaceChildren();
			const found = await access.get(this.path());
			this.online.dataset.state = found.online ? 'open' : 'down';
			this.online.textContent = `${found.user} is ${found.online ? 'online' : 'offline'}`;
			const shown = found.online ? details(found) : [];
			this.stream.replaceChildren(...shown.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
			say(this.answer, '');
		});
	}

	disconnectForm() {
		const answer = h('output', { 'aria-live': 'polite' });
		const mode = select('mode', [['graceful', 'gracefully, after a delay'], ['now', 'at once']]);
		const delay = h('input', { name: 'delay', type: 'number', min: '0', max: '300', value: '5', inputmode: 'numeric' });
		const reason = select('reason', [['logout', 'logout'], ['permission-change', 'permission-change'], ['revoked', 'revoked']]);
		const message = h('input', { name: 'message', maxlength: '256', placeholder: 'none' });
		const button = h('button', { disabled: !access.holds('disconnect') }, 'Disconnect');
		mode.addEventListener('change', () => {
			delay.disabled = mode.value === 'now';
		});
		return h('form', { class: 'card', id: 'disconnect', 'aria-labelledby': 'disconnect-title', onsubmit: (event) => {
			event.preventDefault();
			if (!this.user) {
				this.input.reportValidity();
				return;
			}
			run(button, answer, async () => {
				const { connection } = await access.post(this.path('/disconnect'), { mode: mode.value, reason: reason.value,
					...(message.value && { message: message.value }),
					...(mode.value === 'graceful' && delay.value && { delay: `PT${Number(delay.value)}S` }) });
				say(answer, connection ? `ends ${connection}` : `${this.user} has no stream`);
			});
		} }, h('h2', { id: 'disconnect-title' }, 'Disconnect'),
		h('div', { class: 'row' }, field('How', mode), field('Seconds', delay), field('Reason', reason), field('Message', message, true)),
		h('div', { class: 'buttons' }, button, ...(access.holds('disconnect') ? [] : [h('span', { class: 'needs' }, 'needs the scope disconnect')]), answer));
	}

	// ---- tail

	tailSection() {
		this.tailState = h('span', { class: 'state', role: 'status', 'data-state': 'closed' }, 'off');
		this.entries = h('ol', {});
		this.log = h('div', { class: 'log', role: 'log', tabindex: '0', 'aria-label': 'What the user is sent' }, this.entries);
		this.start = h('button', { type: 'button', class: 'primary', 'data-do': 'tail', disabled: !access.holds('admin'),
			onclick: () => this.tail() }, 'Tail');
		this.stop = h('button', { type: 'button', 'data-do': 'stop', disabled: true, onclick: () => this.abort?.abort() }, 'Stop');
		const clear = h('button', { type: 'button', 'data-do': 'clear', onclick: () => this.entries.replaceChildren() }, 'Clear');
		return h('section', { class: 'card', 'aria-labelledby': 'tail-title' },
			h('div', { class: 'head' }, h('h2', { id: 'tail-title' }, 'Tail'), this.tailState),
			h('p', { class: 'needs' }, 'What the user is sent, as it is sent: copies, for 15 minutes at most. It is audited.',
				...(access.holds('admin') ? [] : [' It needs the scope admin.'])),
			h('div', { class: 'buttons' }, this.start, this.stop, clear), this.log);
	}

	showTail(state, text) {
		this.tailState.dataset.state = state;
		this.tailState.textContent = text;
		this.start.disabled = state === 'open' || state === 'connecting';
		this.stop.disabled = !this.start.disabled;
	}

	async tail() {
		if (!this.user) {
			this.input.reportValidity();
			return;
		}
		this.abort?.abort();
		const abort = new AbortController();
		this.abort = abort;
		this.over = 'ended';
		this.showTail('connecting', 'connecting');
		try {
			const response = await access.fetch(this.path('/tail'), { headers: { Accept: 'text/event-stream' }, signal: abort.signal });
			this.showTail('open', `follows ${this.user}`);
			const parser = new Parser((block) => block.data && this.arrived(block.type, JSON.parse(block.data)));
			const reader = response.body.getReader();
			for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
				parser.feed(piece.value);
			}
			this.showTail('closed', this.over);
		}
		catch (failure) {
			if (this.abort === abort) {
				this.showTail(abort.signal.aborted ? 'closed' : 'down', abort.signal.aborted ? 'off' : failure.message);
			}
		}
	}

	arrived(type, body) {
		switch (type) {
			case 'tail.sent':
				if (body.event) {
					this.add(body.event, body.id ?? '', body.data, body.event.startsWith('push.'));
				}
				break;
			case 'tail.stream':
				this.add('stream', body.node ?? '', `copied from here: ${body.connection}`, true);
				break;
			case 'tail.closed':
				this.add('closed', body.node ?? '', `${body.connection} ended: ${body.reason}`, true);
				break;
			case 'tail.dropped':
				this.add('dropped', '', `${body.blocks} blocks came faster than they can be shown`, true);
				break;
			case 'tail.unanswered':
				this.add('unseen', body.node, 'This node does not answer: what it sends is not seen.', true);
				break;
			case 'tail.interrupted':
				this.add('interrupted', '', 'The way from the nodes was lost for a while.', true);
				break;
			case 'tail.end':
				this.over = `ended: ${body.reason}`;
				break;
		}
	}

	add(type, id, data, platform) {
		const atEnd = this.log.scrollTop + this.log.clientHeight >= this.log.scrollHeight - 8;
		this.entries.append(h('li', { class: platform ? 'platform' : '' }, h('b', {}, type), h('span', { class: 'id' }, id),
			h('span', { class: 'data' }, data)));
		if (this.entries.childElementCount > MAX_ENTRIES) {
			this.entries.firstElementChild.remove();
		}
		if (atEnd) {
			this.log.scrollTop = this.log.scrollHeight;
		}
	}

}

customElements.define('fanfare-user', FanfareUser);
