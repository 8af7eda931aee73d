// Back undoes a choice. Streamlit replaces the address when a person changes a field, so that Back would leave
// the dashboard, and pushes one for every word of the server on what belongs into the address, so that Back
// would do nothing visible. Here it is the other way round: what a person chooses is a step, what the server
// says of the address belongs to the step before. Going to another page is a step in any case.

const STEP_MS = 1000;

function taught(history) {
  const push = history.pushState.bind(history);
  const replace = history.replaceState.bind(history);
  let changed = "";
  let at = -Infinity;

  const samePage = (url) => url === undefined || url === null || new URL(url, location.href).pathname === location.pathname;

  // Which parameters differ between the address and another one.
  const difference = (url) => {
    const [now, then] = [new URL(location.href).searchParams, new URL(url, location.href).searchParams];
    const names = [...new Set([...now.keys(), ...then.keys()])];
    return names.filter((name) => now.getAll(name).join("\n") !== then.getAll(name).join("\n")).join("\n");
  };

  history.pushState = (state, unused, url) => (samePage(url) ? replace(state, unused, url) : push(state, unused, url));
  history.replaceState = (state, unused, url) => {
    const names = url === undefined || url === null ? "" : difference(url);
    // A slider that is dragged or held passes many values on its way to one.
    const goesOn = names === changed && performance.now() - at < STEP_MS;
    if (!names || !samePage(url)) return replace(state, unused, url);
    [changed, at] = [names, performance.now()];
    return goesOn ? replace(state, unused, url) : push(state, unused, url);
  };
  return true;
}

export default function () {
  globalThis[Symbol.for("taglab.history")] ??= taught(globalThis.history);
}
