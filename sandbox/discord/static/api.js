// Talk to the page's own server: one call per act, and a stream of what happens.

export class Refused extends Error {}

async function read(response) {
  const type = response.headers.get("Content-Type") || "";
  const body = type.includes("json") ? await response.json() : { error: await response.text() };
  if (!response.ok) throw new Refused(body.error || `The page's server answered ${response.status}.`);
  return body;
}

export async function get(path, query = {}) {
  return read(await fetch(`page/${path}?${new URLSearchParams(query)}`));
}

// `files` is a list of [name, File]; names may repeat.
export async function act(path, values = {}, files = []) {
  const form = new FormData();
  form.append("values", JSON.stringify(values));
  for (const [name, file] of files) form.append(name, file, file.name);
  return read(await fetch(`page/${path}`, { method: "POST", body: form }));
}

export function listen(onEvent, onState) {
  const address = new URL("page/events", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(address);
  socket.addEventListener("open", () => onState(true));
  socket.addEventListener("message", (message) => onEvent(JSON.parse(message.data)));
  socket.addEventListener("close", () => {
    onState(false);
    setTimeout(() => listen(onEvent, onState), 1000);
  });
}
