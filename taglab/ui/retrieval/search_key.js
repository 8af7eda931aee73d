// The key "/" begins to type into the search box, from anywhere but a field.

const BOX = ".st-key-ask input";

export default function () {
  const listen = (event) => {
    const field = event.target.closest?.("input, textarea, select, [contenteditable=true]");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || field) return;
    const box = document.querySelector(BOX);
    if (box === null) return;
    event.preventDefault();
    box.focus();
  };
  document.addEventListener("keydown", listen);
  return () => document.removeEventListener("keydown", listen);
}
