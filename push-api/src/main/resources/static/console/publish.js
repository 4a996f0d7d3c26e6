// Publishes a message, with all that a publish may hold.

import { access } from './api.js';
import { field, h, run, say, select } from './dom.js';

const RECIPIENT = { user: ['User', 'alice'], users: ['Users, separated by commas', 'alice, bob'], channel: ['Topic', 'news'], all: ['Everyone', ''] };

function target(kind, recipient) {
	switch (kind) {
		case 'all':
			return { all: true };
		case 'users':
			return { users: recipient.split(',').map((user) => user.trim()).filter(Boolean) };
		default:
			return { [kind]: recipient };
	}
}

class FanfarePublish extends HTMLElement {

	connectedCallback() {
		const kind = select('kind', [['user', 'one user'], ['users', 'some users'], ['channel', 'a topic'], ['all', 'everyone']]);
		const label = h('span', {}, RECIPIENT.user[0]);
		const recipient = h('input', { name: 'recipient', value: RECIPIENT.user[1], spellcheck: 'false', autocomplete: 'off' });
		const data = h('textarea', { name: 'data', rows: '4', spellcheck: 'false' });
		data.value = '{"id": 42, "state": "shipped"}';
		const button = h('button', { class: 'primary', disabled: !access.holdsSome('publish') }, 'Publish');
		this.outcome = h('output', { 'aria-live': 'polite' });
		this.answer = h('pre', { class: 'answer', tabindex: '0', 'aria-label': 'The answer' });
		kind.addEventListener('change', () => {
			[label.textContent, recipient.value] = RECIPIENT[kind.value];
			recipient.disabled = kind.value === 'all';
		});
		const form = h('form', { class: 'card', id: 'message', 'aria-label': 'Message', onsubmit: (event) => {
			event.preventDefault();
			run(button, this.outcome, () => this.publish(form.elements));
		} },
		h('div', { class: 'row' }, field('To', kind), h('label', { class: 'wide' }, label, ' ', recipient),
			field('Event', h('input', { name: 'event', value: 'message', spellcheck: 'false' }))),
		h('div', { class: 'row' }, field('Data', data, true), field('as', select('format', [['json', 'JSON'], ['text', 'text']]))),
		h('div', { class: 'row' },
			field('Time to live (ISO 8601)', h('input', { name: 'ttl', placeholder: 'none, or PT1H', spellcheck: 'false' })),
			field('Idempotency key', h('input', { name: 'idempotency', placeholder: 'none', spellcheck: 'false', autocomplete: 'off' }), true),
			h('label', { class: 'check' }, h('input', { type: 'checkbox', name: 'ephemeral' }), ' ephemeral: not stored')),
		h('div', { class: 'buttons' }, button, ...(access.holdsSome('publish') ? [] : [h('span', { class: 'needs' }, 'needs the scope publish')]), this.outcome));
		this.replaceChildren(h('h2', { class: 'view' }, 'Publish'), form, h('section', { class: 'card', 'aria-labelledby': 'answer-title' },
			h('h2', { id: 'answer-title' }, 'Answer'), this.answer));
	}

	async publish({ kind, recipient, event, data, format, ttl, idempotency, ephemeral }) {
		this.answer.textContent = '';
		const json = format.value === 'json';
		if (json) {
			JSON.parse(data.value);
		}
		const rest = { event: event.value, ...(ttl.value && { ttl: ttl.value }), ...(ephemeral.checked && { ephemeral: true }), ...(json && { format: 'json' }) };
		// JSON goes as it was typed, so that its numbers keep their digits.
		const payload = json ? data.value : JSON.stringify(data.value);
		const body = `{"to":${JSON.stringify(target(kind.value, recipient.value))},"data":${payload},${JSON.stringify(rest).slice(1)}`;
		const answer = await access.post('v1/messages', body, idempotency.value ? { 'Idempotency-Key': idempotency.value } : {});
		this.answer.textContent = JSON.stringify(answer, null, 2);
		say(this.outcome, ephemeral.checked ? 'sent' : 'stored');
	}

}

customElements.define('fanfare-publish', FanfarePublish);
