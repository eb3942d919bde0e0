// What pages do better with scripts. None needs it.

const units = [
  [86_400_000, 'day', 172_800_000],
  [3_600_000, 'hour', 5_400_000],
  [60_000, 'minute', 0],
];

/** As `relative` of the server says it. */
function relative(instant, now) {
  const away = Math.abs(instant - now);
  if (away < 45_000) return 'just now';
  const [unit, name] = units.find(([, , from]) => away >= from) ?? units[2];
  const count = Math.max(1, Math.round(away / unit));
  const words = `${count} ${name}${count === 1 ? '' : 's'}`;
  return instant < now ? `${words} ago` : `in ${words}`;
}

/** Each time knows what time it was, for it, when the page was made. */
let shownAt = performance.now();

function tick(root = document) {
  const since = performance.now() - shownAt;
  for (const time of root.querySelectorAll('time[data-now]')) {
    const text = relative(Date.parse(time.dateTime), Number(time.dataset.now) + since);
    if (time.textContent !== text) time.textContent = text;
  }
}

function showCopyButtons(root) {
  if (navigator.clipboard === undefined) return;
  for (const button of root.querySelectorAll('[data-copy]')) button.hidden = false;
}

async function copyText(button) {
  const source = document.getElementById(button.dataset.copy);
  await navigator.clipboard.writeText(source.value ?? source.textContent);
  button.textContent = 'Copied';
  setTimeout(() => {
    button.textContent = 'Copy';
  }, 2_000);
}

document.addEventListener('click', (event) => {
  const copy = event.target.closest('[data-copy]');
  if (copy !== null) return void copyText(copy).catch(() => {});
  const opener = event.target.closest('[data-dialog]');
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog !== null && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    dialog.showModal();
    return;
  }
  const closer = event.target.closest('[data-close]');
  const open = closer?.closest('dialog');
  if (open) {
    event.preventDefault();
    open.close();
  }
});

// A double click is one request.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.method !== 'post') return;
  if (form.dataset.sent === 'yes') event.preventDefault();
  form.dataset.sent = 'yes';
});
// The page may come back from the browser's own memory, by its back button.
window.addEventListener('pageshow', () => {
  for (const form of document.forms) delete form.dataset.sent;
});

/** Shows the page as it is now, but leaves alone what somebody is at. */
async function reload() {
  const answer = await fetch(location.href, { headers: { accept: 'text/html' }, cache: 'no-store' });
  // What is shown is better than the error of whatever stands in between; it says itself how old it is.
  if (answer.status >= 500) return;
  if (!answer.ok || answer.redirected) return location.reload();
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const region of document.querySelectorAll('[data-region]')) {
    const now = page.getElementById(region.id);
    if (now === null || region.querySelector('dialog[open]') !== null) continue;
    const focused = region.contains(document.activeElement) ? placeOf(region, document.activeElement) : undefined;
    const opened = [...region.querySelectorAll('details')].map(({ open }) => open);
    region.replaceChildren(...now.childNodes);
    for (const [i, details] of [...region.querySelectorAll('details')].entries()) details.open = opened[i] ?? false;
    showCopyButtons(region);
    if (focused !== undefined) region.querySelectorAll(focusable)[focused]?.focus({ preventScroll: true });
  }
  shownAt = performance.now();
}

const focusable = 'a[href], button, input, summary, textarea';
const placeOf = (region, element) => [...region.querySelectorAll(focusable)].indexOf(element);

function listen(address, lost = false) {
  const source = new EventSource(address);
  const state = document.querySelector('[data-live-state]');
  let due;
  let last = Number.NEGATIVE_INFINITY;
  // Changes come in swarms: at once after a while of rest, and then every three seconds.
  const soon = () => {
    due ??= setTimeout(
      () => {
        due = undefined;
        last = performance.now();
        reload().catch(() => {});
      },
      Math.max(300, last + 3_000 - performance.now()),
    );
  };
  source.addEventListener('open', () => {
    if (state !== null) state.hidden = false;
    // What happened in between was not told.
    if (lost) soon();
    lost = false;
  });
  source.addEventListener('error', () => {
    lost = true;
    if (state !== null) state.hidden = true;
    // The browser does not come back by itself after an answer that is no stream: nobody may listen here any more, or
    // nobody answered just now.
    if (source.readyState !== EventSource.CLOSED) return;
    soon();
    setTimeout(() => listen(address, true), 30_000);
  });
  source.addEventListener('changed', soon);
}

showCopyButtons(document);
setInterval(tick, 20_000);
if (document.body.dataset.live !== undefined) listen(document.body.dataset.live);
