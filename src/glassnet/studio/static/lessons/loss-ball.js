// A ball on the surface of a loss: seen from the side over one weight, and from above over two.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../parts/html.js";
import { number } from "../parts/words.js";
import { useCompute } from "./parts/compute.js";
import { Choice, Fields, Slider } from "./parts/inputs.js";
import { Beside, Piece } from "./parts/piece.js";
import { Plot } from "./parts/plot.js";
import { useShared } from "./parts/shared.js";

const STEPS = 200;
const POINTS = 101;
const TICK = 40;  // milliseconds from step to step
const LEVELS = 14;
const within = (value) => Number(Math.max(-2, Math.min(2, value)).toFixed(2));
const minus = (text) => String(text).replaceAll("-", "−");
const shown = (value) => (Math.abs(value) < 5e-7 ? "0" : minus(number(value, 4)));

export function Ball({ start }) {
  const [surface, setSurface] = useShared("surface", start.surface);
  const [x, setX] = useShared("x", start.x);
  const [y, setY] = useShared("y", start.y);
  const [rate, setRate] = useShared("rate", start.rate);
  const [momentum, setMomentum] = useShared("momentum", start.momentum);
  const [optimizer, setOptimizer] = useShared("optimizer", start.optimizer);
  const [step, setStep] = useShared("step", 0);
  const [rolls, setRolls] = useState(false);
  const given = { surface, x, y, rate, steps: STEPS, optimizer, momentum: optimizer === "sgd" ? momentum : 0 };
  const rolled = useCompute("loss", "roll", given);
  const ground = useCompute("loss", "surface", { surface, points: POINTS });
  const way = rolled.value ? rolled.value.way : [];
  const last = rolled.value ? rolled.value.rests : 0;
  const at = Math.min(step, last);

  useEffect(() => {
    if (!rolls) return undefined;
    if (at >= last) {
      setRolls(false);
      return undefined;
    }
    const timer = setTimeout(() => setStep(at + 1), TICK);
    return () => clearTimeout(timer);
  }, [rolls, at, last]);
  const anew = (set) => (value) => { set(value); setStep(0); setRolls(false); };
  const from = (nextX, nextY) => { setX(nextX); setY(nextY); setStep(0); setRolls(false); };  // numbers, or functions of the old ones
  const roll = () => {
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
      setStep(last);
      return;
    }
    if (at >= last) setStep(0);
    setRolls(!rolls);
  };

  return html`<${Piece} title="A ball rolls downhill" error=${rolled.error || ground.error}
    try="Press Roll: the ball comes to rest in the right valley, though the left one is deeper. Then set the learning rate to 0.7 and roll again, and to 2.">
    <div class="row wide-row">
      <${Choice} label="surface" value=${surface} options=${["bowl", "two valleys", "ridge"]} change=${anew(setSurface)} />
      <${Choice} label="optimizer" value=${optimizer} options=${["sgd", "adam"]} change=${anew(setOptimizer)} />
    </div>
    <${Fields}>
      <${Slider} label="learning rate" value=${rate} min=${0.001} max=${3} log change=${anew(setRate)} />
      <${Slider} label="momentum" value=${optimizer === "sgd" ? momentum : 0} min=${0} max=${0.95} step=${0.05} change=${anew(setMomentum)}
        note=${optimizer === "sgd" ? "" : "Adam has its own."} />
    </${Fields}>
    <p class="row">
      <button type="button" class="button main wide" onClick=${roll}>${rolls ? "Hold" : "Roll"}</button>
      <button type="button" class="button" disabled=${at >= last} onClick=${() => { setRolls(false); setStep(at + 1); }}>One step</button>
      <button type="button" class="button" disabled=${at === 0} onClick=${() => { setRolls(false); setStep(0); }}>Back to the start</button>
    </p>
    <${Told} way=${way} at=${at} last=${last} rate=${rate} plain=${optimizer === "sgd" && momentum === 0} ended=${rolled.value && !rolls ? rolled.value.ended : ""} />
    <${Beside}>
      <${Side} ground=${ground.value} way=${way} at=${at} />
      <${Above} ground=${ground.value} way=${way} at=${at} from=${from} />
    </${Beside}>
  </${Piece}>`;
}

// Where the ball is, and the arithmetic of the next step.
function Told({ way, at, last, rate, plain, ended }) {
  const here = way[at];
  const next = way[at + 1];
  const sum = (name) => html`${name}: ${shown(here[name])} − ${number(rate)} × ${shown(here[`slope_${name}`])} = ${shown(next[name])}`;
  return html`<div class="ball-told tabular">
    <p>${here ? html`Step ${at}: x = ${shown(here.x)}, y = ${shown(here.y)}. <strong>The loss is ${shown(here.height)}</strong>, its slope ${shown(here.slope_x)} along x and ${shown(here.slope_y)} along y.` : "…"}</p>
    <p class="note">${here && next ? (plain ? html`Next step, ${sum("x")}; ${sum("y")}.` : `Next step: x = ${shown(next.x)}, y = ${shown(next.y)}.`) : ""}</p>
    <p role="status"><strong>${here && at === last ? ended : ""}</strong></p>
  </div>`;
}

function Side({ ground, way, at }) {
  const here = way[at];
  const row = ground && here ? Math.max(0, Math.min(POINTS - 1, Math.round(((here.y + 2) / 4) * (POINTS - 1)))) : 0;
  const points = ground ? ground.x.map((x, i) => [x, ground.height[row][i]]) : [];
  const top = ground ? Math.max(...ground.height[(POINTS - 1) / 2]) * 1.25 : 1;
  const seen = here && Math.abs(here.x) <= 2 && here.height <= top;
  return html`<${Plot} label="From the side: the loss over the weight x, cut through where the ball is" x="weight x" y="loss" range=${{ x: [-2, 2], y: [0, top] }} table=${false}
    lines=${[{ name: "loss", points }]} mark=${seen ? { x: here.x, y: here.height, text: "The ball" } : null} />`;
}

// The surface as a map: the darker, the lower, with lines of equal height. A click or the arrow keys put the ball elsewhere.
function Above({ ground, way, at, from }) {
  const canvas = useRef(null);
  const drawing = useRef(null);
  const dark = useDark();
  useLayoutEffect(() => {
    if (ground) paint(canvas.current, ground, dark);
  }, [ground, dark]);
  const px = (value) => ((value + 2) / 4) * 100;
  const inside = (place) => Math.abs(place.x) <= 2.2 && Math.abs(place.y) <= 2.2;
  const here = way[at];
  const first = way[0];
  const click = (event) => {
    const box = drawing.current.getBoundingClientRect();
    from(within(((event.clientX - box.left) / box.width) * 4 - 2), within(2 - ((event.clientY - box.top) / box.height) * 4));
  };
  const key = (event) => {
    const moved = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] }[event.key];
    if (!moved) return;
    event.preventDefault();
    from((old) => within(old + moved[0]), (old) => within(old + moved[1]));
  };
  const said = here ? `The surface from above. The ball began at x ${shown(first.x)}, y ${shown(first.y)} and is at x ${shown(here.x)}, y ${shown(here.y)}. Arrow keys move its start.` : "The surface from above.";
  return html`<figure class="ball-above">
    <div class="ball-map" ref=${drawing} role="application" tabindex="0" aria-label=${said} onClick=${click} onKeyDown=${key}>
      <canvas ref=${canvas} width=${POINTS} height=${POINTS} aria-hidden="true"></canvas>
      <svg viewBox="0 0 100 100" aria-hidden="true">
        <polyline class="trace" points=${way.slice(0, at + 1).filter(inside).map((place) => `${px(place.x).toFixed(2)},${(100 - px(place.y)).toFixed(2)}`).join(" ")} />
        ${way.slice(0, at).filter(inside).map((place) => html`<circle class="trail" cx=${px(place.x)} cy=${100 - px(place.y)} r=".8" />`)}
        ${here && inside(here) ? html`<circle class="ball" cx=${px(here.x)} cy=${100 - px(here.y)} r="2.2" />` : null}
        ${ground ? html`<path class="lowest" d=${`M${px(ground.lowest.x) - 2},${100 - px(ground.lowest.y)}h4m-2,-2v4`} />` : null}
      </svg>
    </div>
    <figcaption>From above: x across, y up, both from −2 to 2; the darker, the lower; + is the lowest place. Press anywhere to put the ball there.</figcaption>
  </figure>`;
}

function paint(canvas, ground, dark) {
  const context = canvas.getContext("2d");
  const n = ground.x.length;
  const picture = context.createImageData(n, n);
  const flat = ground.height.flat();
  const low = Math.min(...flat);
  const high = Math.max(...flat);
  const level = (value) => Math.sqrt((value - low) / (high - low));
  const ends = dark ? [[8, 30, 48], [150, 200, 240]] : [[11, 62, 110], [244, 246, 248]];
  for (let y = 0; y < n; y += 1) {
    for (let x = 0; x < n; x += 1) {
      const share = Math.floor(level(ground.height[n - 1 - y][x]) * LEVELS) / LEVELS;  // rows run from the lowest y up
      const to = 4 * (y * n + x);
      for (let c = 0; c < 3; c += 1) picture.data[to + c] = ends[0][c] + share * (ends[1][c] - ends[0][c]);
      picture.data[to + 3] = 255;
    }
  }
  context.putImageData(picture, 0, 0);
}

function useDark() {
  const asked = window.matchMedia("(prefers-color-scheme: dark)");
  const [dark, setDark] = useState(asked.matches);
  useEffect(() => {
    const hear = () => setDark(asked.matches);
    asked.addEventListener("change", hear);
    return () => asked.removeEventListener("change", hear);
  }, []);
  return dark;
}
