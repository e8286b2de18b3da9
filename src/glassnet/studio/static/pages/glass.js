// Glass: a run's network lies open. A picture is chosen, dropped or drawn, and every number that it becomes can be opened.
import { html, useEffect, useRef, useState } from "../parts/html.js";
import { useAnswer } from "../parts/api.js";
import { go } from "../parts/router.js";
import { isDrawn } from "../parts/drawn.js";
import { Wrong } from "../parts/show.js";
import { score } from "../parts/words.js";
import { address } from "../glass/address.js";
import Answer from "../glass/answer.js";
import Bench from "../glass/bench.js";
import Data from "../glass/data.js";
import Draw from "../glass/draw.js";
import { empty, isBlank } from "../glass/ink.js";
import File, { useFile } from "../glass/file.js";
import { useNetwork, useValues } from "../glass/network.js";
import Why from "../glass/why.js";
import { parsed, whole } from "/script/place.js";

export default function Page({ id, query }) {
  return id ? html`<${Opened} key=${id} id=${id} query=${query} />` : html`<${Runs} />`;
}

function Runs() {
  const { value, error } = useAnswer("/api/glass");
  return html`<h1>Glass</h1>
    <p class="lead">Look into a network that you trained: every layer, every number, down to the pixels.</p>
    <${Wrong} text=${error} />
    ${value || error ? null : html`<p class="note" role="status">Loading …</p>`}
    ${value && !value.runs.length ? html`<p>There is no trained network yet. <a href="/?data=xo">Train one on crosses and circles</a>: it takes a minute.</p>` : null}
    ${value && value.runs.length ? html`<p>Choose a run.</p><ul class="cards glass-runs">${value.runs.map((run) => html`<li class="card" key=${run.id}>
      <h2><a href=${`/glass/${run.id}`}>${run.name}</a></h2>
      <p>${run.network} on ${run.data}, ${run.task}</p>
      <p class="note">${run.scores.validation ? `validation: ${score(run.scores.validation.value)}` : run.status}</p></li>`)}</ul>` : null}`;
}

const WAYS = [{ name: "data", title: "Its data" }, { name: "file", title: "Your file" }, { name: "draw", title: "Draw" }];

function Opened({ id, query }) {
  const { about, glass, error } = useNetwork(id);
  const [under, setUnder] = useState(""); // a drawing before the stroke ends and the address has it
  const asked = query.get("picture") || (about ? (about.first === null ? empty(about.drawing) : String(about.first)) : "");
  const words = under || asked;
  const { answer, words: looked, turn, error: wrong } = useValues(id, glass, words);
  const at = query.get("at") || "";
  const travel = (changes, instead = false) => go(address(id, query, changes), instead);
  const choose = (picture) => { setUnder(""); travel({ picture, from: "" }); };
  const draw = (picture, done) => {
    setUnder(done ? "" : picture);
    if (done) travel({ picture, from: "" }, isDrawn(asked));
  };
  const file = useFile(choose);
  const trail = glass && answer && at ? parsed(glass, at) : null;
  const way = query.get("from") || (isDrawn(words) ? "draw" : /^[0-9a-f]{16}$/.test(words) ? "file" : "data");
  const change = (name) => {
    if (name === "draw" && !isDrawn(asked)) choose(empty(about.drawing));
    else travel({ from: name });
  };

  const leads = useRef(false); // from the answer to the sum that made it
  useEffect(() => {
    const title = leads.current && document.getElementById("sum-title");
    leads.current = false;
    if (!title) return;
    title.focus({ preventScroll: true });
    title.scrollIntoView({ block: "center" });
  }, [at]);
  useEffect(() => {
    if (about) document.title = `${about.run.name} · Glass · Glassnet studio`;
  }, [about]);
  const drop = (event) => {
    event.preventDefault();
    file.take(event.dataTransfer.files[0]);
    if (way !== "file") travel({ from: "file" }, true);
  };

  if (!about) return html`<h1>Glass</h1>${error ? html`<${Wrong} text=${error} /><p><a href="/glass">Choose another run</a></p>`
    : html`<p class="note" role="status">The network is being opened …</p>`}`;
  return html`<div class="glass" onDragOver=${(event) => event.preventDefault()} onDrop=${drop}>
    <div class="glass-head"><h1>${about.run.name}</h1>
      <p class="lead">${about.run.network} on ${about.run.data}, ${about.task}. <a href=${`/run/${id}`}>Its run</a>, <a href="/glass">other runs</a></p></div>
    <p class="glass-next" role="status">${next(glass, answer, trail, isBlank(words), wrong)}</p>
    <div class="glass-two"><div class="glass-in">
      <section aria-labelledby="glass-picture-title">
        <h2 id="glass-picture-title">The picture</h2>
        <div class="glass-ways" role="group" aria-label="Where the picture comes from">${WAYS.map((one) => html`
          <button type="button" class="button small" aria-pressed=${one.name === way ? "true" : "false"} onClick=${() => change(one.name)}>${one.title}</button>`)}</div>
        ${way === "draw" ? html`<${Draw} manner=${about.drawing} words=${words} change=${draw} />` : null}
        ${way === "file" ? html`<${File} words=${words} file=${file} />` : null}
        ${way === "data" ? html`<${Data} run=${id} words=${words} choose=${choose} query=${query} />` : null}
        ${way !== "file" && file.error ? html`<${Wrong} text=${file.error} />` : null}
        <${Wrong} text=${wrong} />
      </section>
      ${answer ? html`<${Answer} answer=${answer} settled=${looked === asked} at=${at} href=${(place) => address(id, query, { at: place })}
        opening=${() => { leads.current = true; }} />` : null}
    </div>
    <div class="glass-layers">
      <h2>Layer by layer</h2>
      ${answer ? html`<${Bench} run=${id} glass=${glass} turn=${turn} at=${at} words=${looked} href=${(place) => address(id, query, { at: place })}
        went=${(place, instead) => travel({ at: place }, instead)} />` : html`<p class="note" role="status">${wrong ? "The network has no picture to look at." : "The network looks at the picture …"}</p>`}
    </div></div>
    ${answer ? html`<div class="glass-why"><${Why} run=${id} source=${`picture=${encodeURIComponent(asked)}`} glass=${glass} place=${trail ? trail.at(-1) : null}
      open=${(place) => travel({ at: [place.layer, place.channel, place.y, place.x].filter((each) => each !== null && each !== undefined).join("/") })}
      query=${query} /></div>` : null}
  </div>`;
}

// What to do next, for somebody who sees this for the first time.
function next(glass, answer, trail, blank, wrong) {
  if (!answer && wrong) return "Choose another picture, a file of your own, or draw one.";
  if (!answer) return "One moment: the network looks at the picture.";
  if (blank && !trail) return "Draw with the mouse or a finger, or press a ready-made figure. Until then the network answers to an empty picture.";
  if (!trail) {
    const opens = answer.lines.some((line) => line.opens);
    return opens ? "Click a line of the answer to see how it was reckoned. Or choose a layer and point at its map." : "Choose a layer, then point at its map.";
  }
  const place = trail.at(-1);
  if (place.layer === glass.picture && whole(glass, place)) return "This is a byte of the picture: the whole way down. The links above the sum lead back up.";
  if (whole(glass, place)) return "Every underlined number came from somewhere. Click one to open it too, down to the pixels.";
  return "Point at the map: the part of the picture that a value sees lights up. Click it to open its arithmetic.";
}
