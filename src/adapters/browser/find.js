// Finds elements as a person does. Arguments: kind (css, text, label, role), value, name of the role.
// Returns those that can be seen, the innermost first; else those that are there and cannot be seen.
const [kind, value, name] = arguments;
const fold = (text) => (text || '').replace(/\s+/g, ' ').trim();
const lower = (text) => fold(text).toLowerCase();
const all = [];
const walk = (root) => {
  for (const element of root.querySelectorAll('*')) {
    all.push(element);
    if (element.shadowRoot) walk(element.shadowRoot);
  }
};
walk(document);
const seen = (element) => {
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return style.visibility === 'visible' && style.display !== 'none' && Number(style.opacity) > 0
    && box.width > 0 && box.height > 0 && !element.closest('[inert]');
};
const byId = (element, ids) =>
  fold(ids.split(/\s+/).map((id) => element.getRootNode().getElementById?.(id)?.innerText || '').join(' '));
const labels = (element) => [
  element.getAttribute('aria-labelledby') && byId(element, element.getAttribute('aria-labelledby')),
  element.getAttribute('aria-label'),
  ...Array.from(element.labels || []).map((label) => label.innerText),
  element.getAttribute('placeholder'),
  element.getAttribute('title'),
].filter((text) => text).map(fold);
const own = {
  a: (e) => (e.hasAttribute('href') ? 'link' : ''), button: () => 'button', h1: () => 'heading', h2: () => 'heading',
  h3: () => 'heading', h4: () => 'heading', h5: () => 'heading', h6: () => 'heading', img: () => 'img',
  nav: () => 'navigation', main: () => 'main', form: () => 'form', table: () => 'table', dialog: () => 'dialog',
  textarea: () => 'textbox', summary: () => 'button', ul: () => 'list', ol: () => 'list', li: () => 'listitem',
  option: () => 'option', select: (e) => (e.multiple ? 'listbox' : 'combobox'),
  input: (e) => ({
    button: 'button', submit: 'button', reset: 'button', image: 'button', checkbox: 'checkbox', radio: 'radio',
    search: 'searchbox', number: 'spinbutton', range: 'slider', hidden: '', file: 'button',
  }[e.type] ?? 'textbox'),
};
const role = (e) => (e.getAttribute('role') || '').split(' ')[0] || own[e.localName]?.(e) || '';
const called = (e) => {
  const shown = ['button', 'submit', 'reset'].includes(e.type) && e.localName === 'input' ? e.value : e.innerText;
  return [...labels(e), fold(e.getAttribute('alt')), fold(shown)].filter((text) => text);
};
const matches = {
  css: () => {
    const found = [];
    const within = (root) => {
      found.push(...root.querySelectorAll(value));
      for (const element of root.querySelectorAll('*')) if (element.shadowRoot) within(element.shadowRoot);
    };
    within(document);
    return found;
  },
  text: () => {
    const shows = (test) => all.filter((e) => {
      if (['script', 'style', 'noscript', 'head', 'title', 'html'].includes(e.localName)) return false;
      const shown = e.localName === 'input' && ['button', 'submit', 'reset'].includes(e.type) ? e.value : e.innerText;
      return shown !== undefined && test(lower(shown));
    });
    const exact = shows((text) => text === lower(value));
    const found = exact.some(seen) ? exact : shows((text) => text.includes(lower(value)));
    return found.filter((e) => !found.some((other) => other !== e && e.contains(other)));
  },
  label: () => {
    const fields = all.filter((e) => e.matches('input, textarea, select, [contenteditable], [role=textbox]'));
    const exact = fields.filter((e) => labels(e).some((text) => lower(text) === lower(value)));
    return exact.length ? exact : fields.filter((e) => labels(e).some((text) => lower(text).includes(lower(value))));
  },
  role: () => {
    const of = all.filter((e) => role(e) === lower(value));
    if (!name) return of;
    const exact = of.filter((e) => called(e).some((text) => lower(text) === lower(name)));
    return exact.length ? exact : of.filter((e) => called(e).some((text) => lower(text).includes(lower(name))));
  },
};
const found = matches[kind]();
const visible = found.filter(seen);
return { found: (visible.length ? visible : found).slice(0, 20), visible: visible.length };
