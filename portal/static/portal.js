/* Panels, dialogs, and pages that follow by themselves. Everything works without, by reloads. */
'use strict';

/* The document at an address, parsed but not run: no text becomes markup in here. */
function load(url, form, overlay) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(form ? 'POST' : 'GET', url);
    request.responseType = 'document';
    request.timeout = 20000;
    if (overlay) request.setRequestHeader('X-Overlay', overlay);
    request.onload = () => resolve({
      status: request.status,
      location: request.getResponseHeader('X-Location'),
      url: request.responseURL,
      document: request.response,
    });
    request.onerror = request.ontimeout = () => reject(new Error(`no answer from ${url}`));
    request.send(form || null);
  });
}

const panels = ['panel', 'dialog'].map((id) => document.getElementById(id));
const status = document.getElementById('status');
let opener = null;

/* Put what the server has sent in the place of what is shown. */
function replace(place, parts) {
  place.replaceChildren(...[...parts].map((part) => document.importNode(part, true)));
}

function focusIn(place) {
  const wanted = place.querySelector('[aria-invalid]') || place.querySelector('[data-focus]') ||
    place.querySelector('[autofocus]') || place.querySelector('h1, h2');
  if (!wanted) return;
  if (!wanted.matches('input, textarea, select, button, a, [tabindex]')) wanted.tabIndex = -1;
  wanted.focus();
}

/* A panel at the right, or a dialog in the middle, with the page at an address. */
async function open(url, kind, from) {
  const answer = await load(url, null, 'dialog');
  if (answer.location) return go(answer.location);
  const place = document.getElementById(kind);
  panels.forEach((other) => other !== place && other.open && other.close());
  replace(place, answer.document.getElementById('overlay').children);
  place.dataset.url = url;
  if (!place.open) {
    opener = from;
    place.showModal();
  }
  focusIn(place);
}

/* What a form sends when it is sent by a button. */
function fieldsOf(form, button) {
  const fields = new URLSearchParams(new FormData(form));
  if (button && button.name) fields.append(button.name, button.value);
  return fields;
}

async function submit(form, place, button) {
  if (form.dataset.busy) return;
  form.dataset.busy = 'yes';
  if (button) button.setAttribute('aria-disabled', 'true');
  try {
    const answer = await load(button?.getAttribute('formaction') || form.action, fieldsOf(form, button),
      place?.matches('dialog') ? 'dialog' : 'page');
    if (answer.location) {
      panels.forEach((panel) => panel.open && panel.close());
      await go(answer.location);
    } else if (place) {
      replace(place, (answer.document.getElementById('overlay') || answer.document.querySelector('.sheet')).children);
      focusIn(place);
    } else {
      await refresh();
    }
  } catch (error) {
    notSent(form);
  } finally {
    delete form.dataset.busy;
    if (button) button.removeAttribute('aria-disabled');
  }
}

/* Say in the form that it did not arrive. */
function notSent(form) {
  form.querySelector('.not-sent')?.remove();
  const words = document.createElement('p');
  words.className = 'notice notice-bad not-sent';
  words.setAttribute('role', 'alert');
  words.textContent = status.dataset.notSent;
  (form.querySelector('.sheet-main') || form).prepend(words);
}

/* Show another page in the place of this one. */
async function go(url) {
  const answer = await load(url);
  const next = new URL(answer.url);
  next.searchParams.delete('done');
  if (next.pathname === '/register' || next.pathname.startsWith('/demo')) return location.assign(next);
  show(answer.document);
  if (next.href !== location.href) history.pushState(null, '', next);
}

function show(from) {
  document.title = from.title;
  replace(document.getElementById('main'), from.getElementById('main').childNodes);
  const menu = from.getElementById('menu');
  if (menu) document.getElementById('menu')?.replaceWith(document.importNode(menu, true));
  const words = from.querySelector('#status p');
  if (words) toast(words.textContent);
}

function toast(text) {
  const words = document.createElement('p');
  words.className = 'toast';
  words.textContent = text;
  status.replaceChildren(words);
  setTimeout(() => words.remove(), 6000);
}

/* ---- Forms that somebody is filling in are left alone. */
const dirty = new WeakSet();
function isBusy(panel) {
  return document.activeElement?.matches('dialog input, dialog textarea, dialog select') ||
    [...panel.querySelectorAll('form')].some((form) => dirty.has(form));
}
document.addEventListener('input', (event) => event.target.form && dirty.add(event.target.form));

/* ---- Read the page again, and change what has changed. */
let refreshing = null;
function refresh() {
  refreshing = refreshing || readAgain().finally(() => { refreshing = null; });
  return refreshing;
}

async function readAgain() {
  const here = location.href;
  const answer = await load(here).catch(() => null);
  if (!answer || answer.status >= 500) return setTimeout(refresh, 1000 + 2000 * Math.random());
  if (here !== location.href) return;
  if (new URL(answer.url).pathname !== location.pathname) return location.reload();
  for (const part of answer.document.querySelectorAll('[data-live]')) {
    const shown = document.getElementById(part.id);
    if (shown && shown.outerHTML !== part.outerHTML) follow(shown, part);
  }
  const panel = panels.find((one) => one.open);
  if (panel && !isBusy(panel)) await followIn(panel);
}

function follow(shown, part) {
  const known = new Map([...shown.querySelectorAll('[data-state]')].map((row) => [row.id, row.dataset.state]));
  const focused = shown.contains(document.activeElement) ? markOf(document.activeElement) : null;
  const next = document.importNode(part, true);
  for (const row of next.querySelectorAll('[data-state]')) {
    if (known.get(row.id) !== row.dataset.state) row.classList.add('fresh');
  }
  for (const one of shown.querySelectorAll('details[id]')) {
    const again = next.querySelector(`#${CSS.escape(one.id)}`);
    if (again) again.open = one.open;
  }
  shown.replaceWith(next);
  if (focused) next.querySelector(focused)?.focus();
}

/* What finds the element that has the focus again. */
function markOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const link = element.getAttribute('href');
  if (link) return `a[href="${CSS.escape(link)}"]`;
  return element.form ? `form[action="${CSS.escape(element.form.getAttribute('action'))}"] button` : null;
}

async function followIn(panel) {
  const url = panel.dataset.url;
  const answer = await load(url, null, 'dialog').catch(() => null);
  if (!answer || answer.status >= 500 || !panel.open || panel.dataset.url !== url || isBusy(panel)) return;
  const parts = answer.document.getElementById('overlay');
  if (!parts) return;
  const copy = document.createElement('div');
  replace(copy, parts.children);
  if (copy.innerHTML === panel.innerHTML) return;
  const focused = panel.contains(document.activeElement) ? markOf(document.activeElement) : null;
  panel.replaceChildren(...copy.childNodes);
  (focused && panel.querySelector(focused) || panel.querySelector('.close'))?.focus();
}

/* ---- The stream of events. It rests while nobody looks. */
let stream = null;
let delay = 1000;
let connects = 0;

function connect() {
  if (stream || document.hidden || !document.body.dataset.events) return;
  stream = new EventSource(connects++ ? '/events' : document.body.dataset.events);
  stream.onopen = () => { delay = 1000; live(true); };
  stream.addEventListener('changed', refresh);
  stream.onerror = () => {
    live(false);
    if (stream.readyState !== EventSource.CLOSED) return;
    disconnect();
    setTimeout(connect, delay + 500 * Math.random());
    delay = Math.min(15000, delay * 2);
  };
}

function disconnect() {
  stream?.close();
  stream = null;
}

function live(on) {
  const sign = document.getElementById('live');
  if (!sign) return;
  sign.hidden = false;
  sign.classList.toggle('on', on);
  sign.textContent = on ? sign.dataset.on : sign.dataset.off;
}

document.addEventListener('visibilitychange', () => document.hidden ? disconnect() : connect());
addEventListener('pagehide', disconnect);
addEventListener('pageshow', (event) => event.persisted && location.reload());
addEventListener('popstate', () => location.reload());

/* ---- Clicks and forms */
document.addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const panel = event.target.closest('dialog');
  const link = event.target.closest('a');
  if (panel && event.target === panel) return closeUnlessDirty(panel);
  if (!link) {
    const row = event.target.closest('.row');
    if (row && !getSelection().toString() && !event.target.closest('button, input, summary')) row.querySelector('a')?.click();
    return;
  }
  if (panel && 'close' in link.dataset) {
    event.preventDefault();
    panel.close();
  } else if (link.dataset.overlay) {
    event.preventDefault();
    open(link.href, link.dataset.overlay, link).catch(() => location.assign(link.href));
  }
});

function closeUnlessDirty(panel) {
  if (![...panel.querySelectorAll('form')].some((form) => dirty.has(form))) panel.close();
}

document.addEventListener('submit', (event) => {
  const form = event.target;
  if ('submit' in form.dataset) {
    event.preventDefault();
    submit(form, form.closest('dialog, .sheet'), event.submitter);
  } else if ('swap' in form.dataset || 'token' in form.dataset) {
    event.preventDefault();
    swap(form, event.submitter);
  }
});

/* A file that is chosen is read into a text field: only texts are sent. */
document.addEventListener('change', async (event) => {
  const into = event.target.dataset.into;
  if (!into || !event.target.files.length) return;
  const bytes = await event.target.files[0].arrayBuffer();
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    text = new TextDecoder('windows-1252').decode(bytes);     // what Excel writes
  }
  document.getElementById(into).value = text;
});

/* The pages of a link follow each other at one address: their secret is in no other. */
async function swap(form, button) {
  const answer = await load(form.action, fieldsOf(form, button));
  const next = new URL(answer.url);
  if (next.pathname !== new URL(form.action).pathname) {
    forgetToken();
    return location.assign(next);
  }
  show(answer.document);
  if (document.querySelector('[data-ended]')) forgetToken();
  focusIn(document.getElementById('main'));
}

panels.forEach((panel) => panel.addEventListener('close', () => {
  panel.replaceChildren();
  delete panel.dataset.url;
  const back = opener && (opener.isConnected ? opener : document.querySelector(markOf(opener) || 'main'));
  (back || document.getElementById('content')).focus();
  opener = null;
}));

/* ---- A mailed link: its secret goes into a form, and out of the address. It stays in this tab
   while somebody signs in. */
function followLink() {
  const form = document.querySelector('form[data-token]');
  if (!form) return;
  const token = location.hash.slice(1) || sessionStorage.getItem(`token ${location.pathname}`);
  if (!token) return;
  sessionStorage.setItem(`token ${location.pathname}`, token);
  history.replaceState(null, '', location.pathname);
  form.elements.token.value = token;
  swap(form);
}
function forgetToken() {
  sessionStorage.removeItem(`token ${location.pathname}`);
}
addEventListener('hashchange', followLink);

/* ---- Start */
document.documentElement.classList.add('script');
if (document.body.classList.contains('inside')) sessionStorage.clear();
const words = status.querySelector('p');
if (words) {
  const address = new URL(location.href);
  address.searchParams.delete('done');
  history.replaceState(null, '', address);
  setTimeout(() => words.remove(), 6000);
}
if (document.querySelector('[data-focus]')) focusIn(document.getElementById('main'));
document.querySelector('#tabs [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
followLink();
connect();
if (document.querySelector('[data-poll]')) setInterval(() => document.hidden || refresh(), 1000);
