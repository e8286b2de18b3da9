// Data: what is wrong with the pictures of a set, what they are, and what training makes of them.
import { html, useEffect } from "../parts/html.js";
import { useAnswer } from "../parts/api.js";
import { go, put } from "../parts/router.js";
import { DataChoice } from "../parts/data-choice.js";
import { useWork, Working } from "../parts/work.js";
import { Button, Wrong } from "../parts/show.js";
import { capital } from "../parts/words.js";
import { Browse } from "../data/browse.js";
import { Counts } from "../data/counts.js";
import { Findings } from "../data/findings.js";
import { Varied } from "../data/varied.js";

const PARTS = [["findings", "Findings", Findings], ["counts", "In numbers", Counts], ["pictures", "Pictures", Browse], ["varied", "What the network is shown", Varied]];

export default function Data({ id = "", query }) {
  return id ? html`<${Set} id=${id} query=${query} />` : html`<${Choose} query=${query} />`;
}

function Choose({ query }) {
  const { value, error } = useAnswer("/api/data");
  const chosen = query.get("data") || "";
  return html`<h1>Data</h1>
    <p class="lead">Look at pictures before anything is trained on them: what is wrong with them, and what augmentation would show of them.</p>
    <form onSubmit=${(event) => { event.preventDefault(); if (chosen) go(`/data/${chosen}`); }}>
      <${DataChoice} found=${value} chosen=${chosen} folder=${query.get("folder") || ""} choose=${(one) => put({ data: one })} legend="Pictures" hint="Choose pictures to look at." />
      <${Wrong} text=${error} />
      ${chosen ? html`<p><button type="submit" class="button main">Look at these pictures</button></p>` : null}
    </form>`;
}

function Set({ id, query }) {
  const task = query.get("task") || "";
  const asked = new URLSearchParams({ task });
  const work = useWork(`/api/audit/${id}?${asked}`, id !== "cifar10");
  const part = PARTS.find(([name]) => name === query.get("part")) || PARTS[0];
  const found = work.found && { ...work.found, id, task, kind: work.found.task };
  useEffect(() => {
    if (found) document.title = `${found.name} · Glassnet studio`;
  }, [found && found.name]);
  if (!found) {
    return html`<h1>Data</h1>
      ${work.state === "none" && id === "cifar10" ? html`<p>These 60,000 pictures are downloaded the first time (170 MB), and then read.</p>
        <p><${Button} kind="main" work=${() => Promise.resolve(work.start())}>Look at these pictures</${Button}></p>` : null}
      <${Working} work=${work} says="The pictures are read once and looked at. A training that follows begins at once." stop=${`/api/audit/${id}/stop?${asked}`} />
      <p><a href="/data">Other pictures</a></p>`;
  }
  const Part = part[2];
  const link = (name) => `/data/${id}?${new URLSearchParams({ ...(task ? { task } : {}), ...(name === PARTS[0][0] ? {} : { part: name }) })}`;
  return html`
    <h1>${found.name}</h1>
    <div class="title-bar"><p class="lead">${capital(found.layout)}. <a href="/data">Other pictures</a>, <a href=${`/?data=${id}`}>train on these</a></p>
      ${found.answers.length > 1 ? html`<div class="field field-inline"><label for="task">The question</label>
        <select id="task" value=${found.kind} onChange=${(event) => put({ task: event.target.value, finding: "", picture: "", from: "" }, false)}>${found.answers.map((name) => html`<option value=${name}>${name}</option>`)}</select></div>` : null}</div>
    <nav class="page-parts" aria-label="Parts of this page"><ul>${PARTS.map(([name, title]) => html`<li><a href=${link(name)} aria-current=${name === part[0] ? "page" : null}>${title}</a></li>`)}</ul></nav>
    <${Part} key=${part[0]} found=${found} query=${query} />`;
}
