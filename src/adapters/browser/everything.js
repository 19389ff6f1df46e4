// All text of the page and the values of its fields, those of its frames of the same origin included.
const parts = [];
const read = (doc) => {
  const roots = [doc];
  while (roots.length) {
    const root = roots.pop();
    const body = root.body || root;
    parts.push(body.innerText ?? body.textContent ?? '', body.textContent ?? '');
    for (const e of root.querySelectorAll('*')) {
      if (e.shadowRoot) roots.push(e.shadowRoot);
      if ('value' in e && typeof e.value === 'string') parts.push(e.value);
      for (const name of ['placeholder', 'title', 'alt', 'content', 'href', 'src']) {
        const text = e.getAttribute(name);
        if (text) parts.push(text);
      }
      if (e.localName === 'iframe' || e.localName === 'frame') {
        try { if (e.contentDocument) read(e.contentDocument); } catch (_) { /* another origin */ }
      }
    }
  }
};
read(document);
return [document.title, location.href, ...parts].join('\n');
