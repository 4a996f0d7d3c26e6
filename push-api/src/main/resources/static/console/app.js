// The console: who calls, which view is shown, and in which colours.

import './cluster.js';
import './doctor.js';
import './history.js';
import './publish.js';
import './user.js';
import '../try.js';
import { access } from './api.js';
import { h, run } from './dom.js';
import { sampler } from './sampler.js';

const VIEWS = { cluster: ['Cluster', 'fanfare-cluster', () => access.holds('read')], user: ['User', 'fanfare-user', () => true],
	publish: ['Publish', 'fanfare-publish', () => true], channel: ['Channel', 'fanfare-history', () => true], try: ['Try it', 'fanfare-try', () => true],
	doctor: ['Doctor', 'fanfare-doctor', () => true] };
const THEME = 'fanfare.theme';
const THEMES = ['auto', 'light', 'dark'];

const main = document.querySelector('main');
const nav = document.querySelector('nav');
const who = document.querySelector('#who');
const theme = document.querySelector('#theme');
const logout = document.querySelector('#logout');

function login() {
	const key = h('input', { id: 'key', type: 'password', autocomplete: 'off', spellcheck: 'false', required: true });
	const answer = h('output', { 'aria-live': 'polite' }, access.reason ?? '');
	answer.toggleAttribute('data-failed', Boolean(access.reason));
	const button = h('button', { class: 'primary' }, 'Log in');
	return h('form', { id: 'login', class: 'card', 'aria-labelledby': 'login-title', onsubmit: (event) => {
		event.preventDefault();
		run(button, answer, () => access.login(key.value));
	} }, h('h2', { id: 'login-title' }, 'Log in'),
	h('p', {}, 'With an API key, or a JWT for the API. It stays in the storage of this tab, also of a duplicated or restored one, until you log out.'),
	h('label', { class: 'wide' }, 'Key or token ', key), h('div', { class: 'buttons' }, button, answer));
}

function route() {
	const name = location.hash.replace(/^#\/?/, '').split('?')[0];
	return Object.hasOwn(VIEWS, name) ? name : 'cluster';
}

/** Shows the view of the address, unless it stands there already. */
function show(anew) {
	const name = route();
	nav.hidden = logout.hidden = !access.me;
	who.textContent = access.me ? `${access.me.caller}: ${access.me.scopes.join(' ') || 'no scope'}` : '';
	if (!access.me) {
		main.replaceChildren(login());
		main.querySelector('#key').focus();
		return;
	}
	for (const link of nav.querySelectorAll('a')) {
		link.toggleAttribute('aria-current', link.hash === `#/${name}`);
		if (link.hash === `#/${name}`) {
			link.setAttribute('aria-current', 'page');
		}
	}
	const [title, tag, allowed] = VIEWS[name];
	document.title = `${title} – Fanfare`;
	if (!allowed()) {
		main.replaceChildren(h('h2', { class: 'view' }, title), h('p', { class: 'card needs' }, 'This view needs the scope read.'));
		return;
	}
	if (anew || main.firstElementChild?.localName !== tag) {
		const view = document.createElement(tag);
		main.replaceChildren(view);
		if (tag === 'fanfare-try') {
			view.key = access.secret;
			view.open();
		}
		if (!anew) {
			main.focus();
		}
	}
}

function paint() {
	const chosen = localStorage.getItem(THEME) ?? 'auto';
	document.documentElement.dataset.theme = chosen;
	theme.textContent = `Theme: ${chosen}`;
	document.dispatchEvent(new Event('themechange'));
}

theme.addEventListener('click', () => {
	localStorage.setItem(THEME, THEMES[(THEMES.indexOf(localStorage.getItem(THEME) ?? 'auto') + 1) % THEMES.length]);
	paint();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);
logout.addEventListener('click', () => access.logout());
access.addEventListener('changed', () => show(true));
addEventListener('hashchange', () => show(false));
paint();
if (access.secret) {
	access.login(access.secret).catch((failure) => {
		if (failure.status === 401) {
			access.logout(failure.message);
			return;
		}
		access.reason = failure.message; // the key stays, for the next reload
		show(true);
	});
}
else {
	show(true);
}
sampler.follow();
