// A training between the press of the button and its first step: what it says, word for word.
import { html, useState } from "../parts/html.js";
import { post, useStream } from "../parts/api.js";
import { go } from "../parts/router.js";
import { Button, Log, Wrong } from "../parts/show.js";

export default function Training({ id }) {
  const [job, setJob] = useState(null);
  const [gone, setGone] = useState(false);
  const [refused, setRefused] = useState("");
  useStream(`/api/trainings/${id}/events`, {
    state: (found) => {
      setJob(found);
      if (found.run_id) go(`/run/${found.run_id}`, true);
    },
    refused: setRefused,
  });
  if (!job) return html`<h1>Training</h1>${refused ? html`<${Wrong} text=${refused} /><p><a href="/">Home</a></p>` : html`<p class="note" role="status">Loading …</p>`}`;
  return html`
    <h1>Training on ${job.data}</h1>
    ${job.alive ? html`<p role="status">Pictures are read, audited and split. Then training begins, and its curves appear here.</p>
        <p><${Button} work=${() => post(`/api/trainings/${id}/stop`)}>Stop</${Button}></p>`
      : html`<${Wrong} text=${job.error || "It ended before training began. Below is what it said."} />
        <p><a href="/">Home</a> ${" "}
        ${gone ? null : html`<${Button} work=${() => post(`/api/trainings/${id}/forget`).then(() => { setGone(true); go("/"); })}>Take it off the list</${Button}>`}</p>`}
    <h2>What it says</h2>
    <${Log} label="What the training says" text=${job.said} />`;
}
