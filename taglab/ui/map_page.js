// Opens a map to take away. Tables arrive as text; the map asks of them what it asks of Arrow's.

const numbers = { f: Float32Array, i: Int32Array };
function bytesOf(values) {
  const text = atob(values);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
function table({ columns, rows }) {
  const column = ({ kind, values }) => {
    // Read when it is asked for: neighbours may never be.
    let list = kind === "text" ? values : null;
    const toArray = () => (list ??= new numbers[kind](bytesOf(values).buffer));
    return { toArray, get: (row) => toArray()[row] };
  };
  const byName = new Map(columns.map(({ name, ...packed }) => [name, column(packed)]));
  return { numRows: rows, schema: { fields: columns }, getChild: (name) => byName.get(name) };
}
const open = (part) => Object.fromEntries(Object.entries(part).map(([name, value]) => [name, value?.columns ? table(value) : value]));
const parts = JSON.parse(document.getElementById("parts").textContent).map(open);
const host = { parentElement: document.body, setTriggerValue() {}, setStateValue() {} };
const draw = () => parts.forEach((data) => show({ ...host, data }));
draw();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
