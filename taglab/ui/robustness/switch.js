// Two versions of one sound, switched without a gap: both play, one is heard.

const PLAY = "▶";
const PAUSE = "❚❚";

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".switch");
  const [original, changed] = ["original", "changed"].map((name) => root.querySelector(`audio.${name}`));
  const choices = [...root.querySelectorAll("[role=radio]")];
  const [button, place] = [root.querySelector(".play"), root.querySelector("input")];

  const hear = (at) => {
    original.muted = at === 1;
    changed.muted = at === 0;
    choices.forEach((choice, number) => {
      choice.setAttribute("aria-checked", String(number === at));
      choice.tabIndex = number === at ? 0 : -1;
    });
  };
  // The changed sound may be longer or shorter; its places are those of the original, stretched.
  const go = (seconds) => {
    original.currentTime = seconds;
    changed.currentTime = seconds * data.stretch;
    changed.playbackRate = 1;
  };
  const play = () => Promise.all([original.play(), changed.play()]).catch(() => {});
  const pause = () => [original, changed].forEach((sound) => sound.pause());
  const show = () => {
    button.textContent = changed.paused ? PLAY : PAUSE;
    button.setAttribute("aria-label", changed.paused ? "Play" : "Pause");
  };
  const follow = () => {
    if (changed.duration) place.value = changed.currentTime / changed.duration;
  };

  // What is heard goes on where it was when the magnitude or the track changes.
  const share = changed.duration ? changed.currentTime / changed.duration : 0;
  const plays = !changed.paused && Boolean(changed.getAttribute("src"));
  if (original.getAttribute("src") !== data.original) original.src = data.original;
  if (changed.getAttribute("src") !== data.changed) {
    changed.src = data.changed;
    changed.addEventListener("loadedmetadata", () => go((share * changed.duration) / data.stretch), { once: true });
    if (plays) play();
  }
  data.names.forEach((name, number) => (choices[number].textContent = name));
  if (choices.every((choice) => choice.getAttribute("aria-checked") !== "true")) hear(1);
  show();

  const toggle = () => (changed.paused ? play() : pause());
  const choose = (event) => {
    const at = choices.indexOf(event.target.closest("[role=radio]"));
    if (at < 0) return;
    // Each goes its own way where the tempo differs: the other takes up the place of the one that was heard.
    if (data.stretch !== 1 && original.muted) go(changed.currentTime / data.stretch);
    else if (data.stretch !== 1) go(original.currentTime);
    hear(at);
  };
  const turn = (event) => {
    if (!event.target.matches("[role=radio]") || !event.key.startsWith("Arrow")) return;
    const next = choices[1 - choices.indexOf(event.target)];
    next.click();
    next.focus();
    event.preventDefault();
  };
  const seek = () => go((Number(place.value) * changed.duration) / data.stretch);
  const heard = [
    [button, "click", toggle],
    [root, "click", choose],
    [root, "keydown", turn],
    [place, "input", seek],
    [changed, "timeupdate", follow],
    [changed, "play", show],
    [changed, "pause", show],
  ];
  heard.forEach(([element, name, act]) => element.addEventListener(name, act));
  return () => heard.forEach(([element, name, act]) => element.removeEventListener(name, act));
}
