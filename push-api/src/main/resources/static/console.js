// The page at /. The fragment of the address, which no server sees, may carry an API key: #key=<API key>

import './try.js';

const key = document.querySelector('#key');
const view = document.querySelector('fanfare-try');
key.value = new URLSearchParams(location.hash.slice(1)).get('key') ?? '';
view.key = key.value;
if (key.value) {
	view.open();
}
key.addEventListener('input', () => {
	view.key = key.value;
});
document.querySelector('#access').addEventListener('submit', (event) => event.preventDefault());
