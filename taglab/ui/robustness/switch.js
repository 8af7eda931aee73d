// Two versions of one sound, switched without a gap: both play, one is heard.

const PLAY = "▶";
const PAUSE = "❚❚";
const APART_S = 0.05; // two sounds that loop by themselves drift; more than a seek takes, less than one hears

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
  };
  // What is not heard is brought to the place of what is, which goes on undisturbed.
  const align = () => {
    const [heard, other] = original.muted ? [changed, original] : [original, changed];
    const there = heard === original ? heard.currentTime * data.stretch : heard.currentTime / data.stretch;
    if (!other.seeking && Math.abs(other.currentTime - there) > APART_S) other.currentTime = there;
  };
  const play = () => Promise.all([original.play(), changed.play()]).catch(() => {});
  const pause = () => [original, changed].forEach((sound) => sound.pause());
  const show = () => {
    button.textContent = changed.paused ? PLAY : PAUSE;
    button.setAttribute("aria-label", changed.paused ? "Play" : "Pause");
  };
  const follow = () => {
    if (!changed.duration) return;
    align();
    place.value = changed.currentTime / changed.duration;
    const [at, of] = [changed.currentTime, changed.duration].map((seconds) => seconds.toFixed(1));
    place.setAttribute("aria-valuetext", `${at} of ${of} seconds`);
  };

  // What is heard goes on where it was when the magnitude or the track changes.
  const share = changed.duration ? changed.currentTime / changed.duration : 0;
  const plays = !changed.paused && Boolean(changed.getAttribute("src"));
  const another = original.getAttribute("src") !== data.original;
  if (another) original.src = data.original;
  if (changed.getAttribute("src") !== data.changed) {
    changed.src = data.changed;
    const resume = () => {
      if (another) go((share * changed.duration) / data.stretch);
      else changed.currentTime = original.currentTime * data.stretch; // the original has gone on meanwhile
    };
    changed.addEventListener("loadedmetadata", resume, { once: true });
    if (plays) play();
  }
  data.names.forEach((name, number) => (choices[number].textContent = name));
  if (choices.every((choice) => choice.getAttribute("aria-checked") !== "true")) hear(1);
  show();

  const toggle = () => (changed.paused ? play() : pause());
  const choose = (event) => {
    const at = choices.indexOf(event.target.closest("[role=radio]"));
    if (at < 0) return;
    align();
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
