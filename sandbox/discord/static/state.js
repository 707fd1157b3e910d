// Hold what the page shows, and look things up in it. Only app.js changes it.

export const state = {
  me: null,
  channelId: null,
  people: [],
  roles: [],
  view: { channels: [], threads: [], messages: [], commands: [] },
  flashed: null,
};

// What markdown and components need to know of the world.
export const world = {
  get me() {
    return state.me;
  },
  person: (id) => state.people.find((person) => person.id === id),
  role: (id) => state.roles.find((role) => role.id === id),
  channel: (id) => [...state.view.channels, ...state.view.threads].find((channel) => channel.id === id),
};

// A direct conversation is called by the other one in it.
export function nameOf(channel) {
  return channel.kind === 1 ? (state.people.find((person) => person.is_bot)?.name ?? channel.name) : channel.name;
}

export function here() {
  return world.channel(state.channelId);
}

// A colour for people without one of their own, from their id.
export function tint(person) {
  if (person.color) return `#${person.color.toString(16).padStart(6, "0")}`;
  return "";
}

export function avatarColour(person) {
  if (person.is_bot) return "#5865f2";
  const palette = ["#3ba55d", "#faa61a", "#ed4245", "#eb459e", "#747f8d", "#1abc9c"];
  return palette[Number(BigInt(person.id) % BigInt(palette.length))];
}
