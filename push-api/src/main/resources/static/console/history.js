// What a channel retains, page by page.

import { access } from './api.js';
import { field, h, run, say } from './dom.js';

const LIMIT = 20;

/** Compares ids: milliseconds, then a number. */
function compare(one, other) {
	const [ms, number] = one.split('-').map(Number);
	const [otherMs, otherNumber] = other.split('-').map(Number);
	return ms - otherMs || number - otherNumber;
}

class FanfareHistory extends HTMLElement {

	connectedCallback() {
		this.input = h('input', { name: 'channel', required: true, spellcheck: 'false', autocomplete: 'off', placeholder: 'a topic, all, or user:alice' });
		this.input.value = new URLSearchParams(location.hash.split('?')[1] ?? '').get('name') ?? '';
		this.answer = h('output', { 'aria-live': 'polite' });
		this.show = h('button', { class: 'primary', disabled: !access.holdsSome('read') }, 'Show newest');
		this.rows = h('tbody');
		this.buttons = Object.fromEntries([['oldest', 'Oldest', () => 'after=0-0'], ['older', 'Older', () => `before=${this.items[0].id}`],
			['newer', 'Newer', () => `after=${this.items.at(-1).id}`], ['newest', 'Newest', () => '']]
			.map(([name, text, query]) => [name, h('button', { type: 'button', 'data-do': name, disabled: true, onclick: () => this.page(query()) }, text)]));
		this.replaceChildren(h('h2', { class: 'view' }, 'Channel'),
			h('form', { class: 'card', id: 'channel', 'aria-label': 'Channel', onsubmit: (event) => {
				event.preventDefault();
				this.page('');
			} }, h('div', { class: 'row' }, field('Channel', this.input, true)),
			h('div', { class: 'buttons' }, this.show, ...(access.holdsSome('read') ? [] : [h('span', { class: 'needs' }, 'needs the scope read')]), this.answer)),
			h('section', { class: 'card', 'aria-labelledby': 'history-title' }, h('h2', { id: 'history-title' }, 'History, oldest first'),
				h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-labelledby': 'history-title' },
					h('table', {}, h('thead', {}, h('tr', {}, ...['Id', 'At', 'Event', 'Data'].map((name) => h('th', { scope: 'col' }, name)))), this.rows)),
				h('div', { class: 'buttons' }, ...Object.values(this.buttons))));
		if (this.input.value && access.holdsSome('read')) {
			this.page('');
		}
	}

	async page(query) {
		const channel = encodeURIComponent(this.input.value);
		history.replaceState(null, '', `#/channel?name=${channel}`);
		await run(this.show, this.answer, async () => {
			const { items, floor, latest } = await access.get(`v1/channels/${channel}/messages?limit=${LIMIT}${query && `&${query}`}`);
			this.items = items;
			this.rows.replaceChildren(...items.map(({ id, at, event, data }) => h('tr', {}, h('th', { scope: 'row' }, id),
				h('td', {}, new Date(at).toLocaleString('en')), h('td', {}, event), h('td', { class: 'data' }, data))));
			const some = items.length > 0;
			this.buttons.oldest.disabled = this.buttons.older.disabled = !some || !floor || compare(items[0].id, floor) <= 0;
			this.buttons.newest.disabled = this.buttons.newer.disabled = !some || !latest || compare(items.at(-1).id, latest) >= 0;
			say(this.answer, some ? `${items.length} messages; retained from ${floor} to ${latest}` : 'nothing is retained');
		});
	}

}

customElements.define('fanfare-history', FanfareHistory);
