// The network that was built, trained: at once on drawn signs, or as a run of its own on any pictures of Home.
import { html, useState } from "../parts/html.js";
import { post, useAnswer } from "../parts/api.js";
import { go } from "../parts/router.js";
import { Button, Wrong } from "../parts/show.js";
import { counted, percent } from "../parts/words.js";
import { compute } from "./parts/compute.js";
import { Choice, NumberField, Slider } from "./parts/inputs.js";
import { Beside, Figure, Piece } from "./parts/piece.js";
import { useShared } from "./parts/shared.js";


export function Trial({ layers, fits }) {
  const [side, setSide] = useShared("side", 32);
  const [passes, setPasses] = useShared("passes", 5);
  const [rate, setRate] = useShared("rate", 0.001);
  const [found, setFound] = useState(null);
  const [busy, setBusy] = useState(false);
  const of = JSON.stringify([layers, side, passes, rate]);
  const learn = () => {
    setBusy(true);
    return compute("building", "train", { layers, side, passes, rate, seed: 0, keep: false })
      .then((value) => setFound({ value, of })).finally(() => setBusy(false));
  };
  const mine = found && found.of === of ? found.value : null;
  return html`<${Piece} title="Can it learn?" try="Let it go five times over 200 drawn signs, X or O, and see how it does on 100 new ones.">
    <div class="fields controls">
      <${Slider} label="side of the signs" value=${side} min=${8} max=${32} step=${4} unit="pixels" change=${setSide} />
      <${Slider} label="passes" value=${passes} min=${1} max=${20} change=${setPasses} />
      <${Slider} label="learning rate" value=${rate} min=${0.0001} max=${0.1} log change=${setRate} />
    </div>
    <p class="act row"><${Button} work=${learn}>Learn X and O</${Button}><span class="note" role="status">${busy ? "Learning …" : ""}</span></p>
    <${Beside}>
      <${Figure} name="right of the signs it learned" value=${mine ? percent(mine.accuracy) : "–"} note=${mine ? `loss ${mine.loss.toFixed(3)}` : "200 signs"} />
      <${Figure} name="right of new ones" value=${mine ? percent(mine.new_accuracy) : "–"} note=${mine ? `loss ${mine.new_loss.toFixed(3)}` : "100 signs"} />
    </${Beside}>
    ${fits ? null : html`<p class="note">The list does not fit the pictures above. It may still fit these: grey signs of two classes.</p>`}
  </${Piece}>`;
}

export function Training({ layers, fits, size }) {
  const data = useAnswer("/api/data");
  const [chosen, setChosen] = useShared("data", "xo");
  const [epochs, setEpochs] = useShared("epochs", 5);
  const sets = data.value ? [...data.value.built_in, ...data.value.sets] : [];
  const known = useAnswer(chosen && data.value ? `/api/data/${chosen}` : "");
  const told = known.value && known.value.id === chosen ? known.value : null;
  const begin = () => post("/api/trainings", {
    data: chosen, name: "", settings: { network: JSON.stringify(layers), "data.size": JSON.stringify(size), "train.epochs": String(epochs) },
  }).then((made) => go(`/training/${made.id}`));
  return html`<${Piece} title="Train it" error=${data.error}
    try="Choose pictures and press Train it: a run of its own begins, with curves, a report and a place in the ledger.">
    <div class="fields controls">
      <${Choice} label="pictures" many value=${chosen} options=${sets.map((one) => ({ value: one.id, text: one.name }))} change=${setChosen} />
      <${NumberField} label="epochs" value=${epochs} min=${1} max=${10000} step=${1} change=${(value) => setEpochs(Math.max(1, Math.round(value)))} note="passes over the training pictures" />
    </div>
    <p class="note build-told" role="status">${told && told.layout
      ? `${told.layout}: ${counted(told.pictures, "picture")}, ${counted(told.classes.length, "class", "classes")}. They are brought to ${size[0]} × ${size[1]} pixels, as above; the vote gets a value for each of their classes.`
      : told ? told.text : ""}</p>
    <${Wrong} text=${known.error} />
    <p class="act"><${Button} kind="main" work=${begin}>Train it</${Button}></p>
    ${fits ? null : html`<p class="note">The list above does not fit yet, so training would say the same and end.</p>`}
  </${Piece}>`;
}
