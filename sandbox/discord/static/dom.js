// Build and find elements; text is always set as text, never as markup.

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) set(element, name, value);
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "class") element.className = value;
  else if (name === "data") Object.assign(element.dataset, value);
  else if (name === "style") Object.assign(element.style, value);
  else if (name === "value" || name === "checked") element[name] = value;
  else element.setAttribute(name, value === true ? "" : value);
}

export function byId(id) {
  return document.getElementById(id);
}

let lastId = 0;

export function freshId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

// Replace children only where they changed, so that a playing video or an open list is left alone.
// Each item is [key, mark, build]: the same key and mark keep the element.
export function reconcile(parent, items) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const [key, mark, build] of items) {
    let element = old.get(key);
    if (element === undefined || element.dataset.mark !== mark) {
      const fresh = build();
      fresh.dataset.key = key;
      fresh.dataset.mark = mark;
      if (element !== undefined) {
        if (element === place) place = element.nextElementSibling;
        element.remove();
      }
      element = fresh;
    }
    old.delete(key);
    if (element === place) place = element.nextElementSibling;
    else parent.insertBefore(element, place);
  }
  for (const gone of old.values()) gone.remove();
}

export function sizeText(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(2)} MB`;
}

export function announce(text) {
  byId("notice").textContent = text;
}

// Move a roving choice through a list with the arrow keys; returns the new index or null.
export function arrowed(event, index, count) {
  if (count === 0) return null;
  if (event.key === "ArrowDown") return (index + 1) % count;
  if (event.key === "ArrowUp") return (index - 1 + count) % count;
  return null;
}
