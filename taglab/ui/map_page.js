// Opens a map to take away. Tables arrive as text; the map asks of them what it asks of Arrow's.

const numbers = { f: Float32Array, i: Int32Array };
function table({ columns, rows }) {
  const column = ({ kind, values }) => {
    const list = kind === "text" ? values : new numbers[kind](Uint8Array.from(atob(values), (c) => c.charCodeAt(0)).buffer);
    return { toArray: () => list, get: (row) => list[row] };
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
