"""A BERT of 4 layers, 256 wide, from scratch on SST-2: 6,920 sentences once.

AdamW without decay, rate 5e-4 risen to over the first tenth and then along half a cosine to 0, gradients cut to norm 1, batch
32, on every side. All get the ids of one tokenizer that was learned beforehand. Tokens per second are real ones: padding does
not count. B examples, L tokens.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import data
from benchmarks.contract import Outcome, Settings, Side, Work

RATE, WARMUP = 5e-4, 0.1
"""Without the rise, one round in three of the loop by hand learned nothing."""
WINDOW = 50
"""Batches among which the tuned loop sorts by length."""
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def tokenizer_file(settings: Settings) -> Path:
    return Path(settings.place) / "tokenizer" / "tokenizer.json"


def prepare(settings: Settings) -> None:
    """Learns pieces of words from the training sentences; ids of a sentence are `[CLS] … [SEP]`, 128 at most."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    from benchmarks.networks import VOCABULARY

    place = tokenizer_file(settings)
    if place.exists():
        return
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=SPECIAL, show_progress=False)
    tokenizer.train_from_iterator(data.sst2(settings.data, "train")[0], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    place.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(place))


def fukami(settings: Settings) -> Outcome:
    from dataclasses import replace

    from benchmarks.networks import LONGEST, SentenceClassifier
    from benchmarks.sides import with_fukami

    module = SentenceClassifier(_network(settings))
    source = {}
    for part in ("train", "test"):
        texts, labels = data.sst2(settings.data, part)
        count = (settings.examples if part == "train" else 0) or len(texts)
        source[part] = {"text": texts[:count], "label": labels[:count]}
    outcome = with_fukami.fit(
        "text-classification",
        source,
        settings,
        model=module,
        tokenizer=str(tokenizer_file(settings).parent),
        max_tokens=LONGEST,
        token_dropout=0.0,
        target="label",
        optimizer="adamw",
        learning_rate=RATE,
        schedule="cosine",
        warmup=WARMUP,
        clip_norm=1.0,
    )
    return replace(outcome, units=module.real, notes={**outcome.notes, "padding": 1 - module.real / module.padded})


def _network(settings: Settings) -> Any:
    """BERT with first weights of the settings' seed."""
    import torch

    from benchmarks.networks import bert

    torch.manual_seed(settings.seed)
    return bert().to(settings.device)


def _encoded(settings: Settings, part: str) -> list[dict[str, Any]]:
    """`{"input_ids", "labels"}` of every sentence of a part."""
    from tokenizers import Tokenizer

    from benchmarks.networks import LONGEST

    tokenizer = Tokenizer.from_file(str(tokenizer_file(settings)))
    tokenizer.enable_truncation(LONGEST)
    texts, labels = data.sst2(settings.data, part)
    count = (settings.examples if part == "train" else 0) or len(texts)
    found = tokenizer.encode_batch(texts[:count])
    return [{"input_ids": one.ids, "labels": label} for one, label in zip(found, labels, strict=False)]


class Padded:
    """Rows → a batch padded to its longest row, as transformers' collator does it; counts real tokens and all."""

    def __init__(self, settings: Settings):
        from transformers import DataCollatorWithPadding, PreTrainedTokenizerFast

        tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(tokenizer_file(settings)), pad_token="[PAD]", unk_token="[UNK]")
        self.collate = DataCollatorWithPadding(tokenizer)
        self.real = self.padded = 0

    def __call__(self, rows: list[dict[str, Any]]) -> Any:
        self.real += sum(len(row["input_ids"]) for row in rows)
        self.padded += len(rows) * max(len(row["input_ids"]) for row in rows)
        return self.collate(rows)

    def outcome(self, network: Any, settings: Settings, seconds: float) -> Outcome:
        """What was reached, once the training is over."""
        padding = 1 - self.real / self.padded
        return Outcome(seconds, self.real, _accuracy(network, settings, self.collate), notes={"padding": padding})


def _accuracy(network: Any, settings: Settings, collate: Any) -> float:
    import torch

    rows, right = _encoded(settings, "test"), 0
    network.eval()
    with torch.inference_mode():
        for start in range(0, len(rows), 64):
            batch = collate([dict(row) for row in rows[start : start + 64]]).to(settings.device)
            labels = batch.pop("labels")
            right += int((network(**batch).logits.argmax(1) == labels).sum())
    return right / len(rows)


def trainer(settings: Settings, *, bf16: bool = False) -> Outcome:
    """transformers' Trainer; logging and saving, which would only cost it time, are off."""
    from transformers import Trainer, TrainingArguments

    from benchmarks.sides.clock import Clock

    network, rows, padded = _network(settings), _encoded(settings, "train"), Padded(settings)
    arguments = TrainingArguments(
        "trainer",
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        dataloader_drop_last=True,
        learning_rate=RATE,
        lr_scheduler_type="cosine",
        warmup_steps=WARMUP,
        seed=settings.seed,
        bf16=bf16,
        use_cpu=settings.device == "cpu",
        save_strategy="no",
        logging_steps=10**6,
        report_to=[],
        disable_tqdm=True,
    )
    asked = Trainer(network, arguments, train_dataset=rows, data_collator=padded)  # pyright: ignore[reportArgumentType]
    with Clock(settings, lambda: 0.0) as clock:
        asked.train()
    return padded.outcome(network, settings, clock.seconds)


def trainer_bf16(settings: Settings) -> Outcome:
    return trainer(settings, bf16=True)


def pytorch_tuned(settings: Settings) -> Outcome:
    """Buckets of like lengths, fused AdamW, Fukami's plan."""
    import torch

    from benchmarks.sides import by_hand
    from benchmarks.sides.clock import Clock

    network, rows, padded = _network(settings), _encoded(settings, "train"), Padded(settings)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=0.0, fused=True)
    plan = by_hand.Plan(settings.plan)
    called = plan.prepared(network)
    order = random.Random(settings.seed)
    num_steps = settings.epochs * (len(rows) // settings.batch_size)
    step = 0
    network.train()
    with Clock(settings, lambda: 0.0) as clock:
        for _epoch in range(settings.epochs):
            for rows_B in buckets([len(row["input_ids"]) for row in rows], settings.batch_size, order):
                batch = padded([dict(rows[row]) for row in rows_B]).to(settings.device)
                for group in optimizer.param_groups:
                    group["lr"] = rate(step / num_steps)
                with plan.autocast(settings.device):
                    loss = called(**batch).loss
                loss.backward()
                torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
                step += 1
    return padded.outcome(network, settings, clock.seconds)


def rate(progress: float) -> float:
    """The learning rate at a share of the training: a straight rise, then half a cosine.

    >>> [round(rate(share) / RATE, 2) for share in (0, 0.05, 0.1, 0.55, 1)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    if progress < WARMUP:
        return RATE * progress / WARMUP
    return RATE * 0.5 * (1 + math.cos(math.pi * (progress - WARMUP) / (1 - WARMUP)))


def buckets(lengths: list[int], batch_size: int, order: random.Random) -> Iterator[list[int]]:
    """Row numbers of whole batches whose members are of like length, in random order."""
    rows = list(range(len(lengths)))
    order.shuffle(rows)
    rows = rows[: len(rows) // batch_size * batch_size]
    span = WINDOW * batch_size
    batches = []
    for start in range(0, len(rows), span):
        near = sorted(rows[start : start + span], key=lengths.__getitem__)
        batches += [near[i : i + batch_size] for i in range(0, len(near), batch_size)]
    order.shuffle(batches)
    yield from batches


WORK = Work(
    name="sst2",
    summary="BERT of 4 layers, 256 wide, from scratch on SST-2",
    unit="tokens",
    module=__name__,
    settings=Settings(examples=0, epochs=1, batch_size=32),
    prepare=prepare,
    counted="Every side begins with the sentences encoded; padding is not counted as tokens.",
    sides=(
        Side("fukami", "fukami.train with that module", fukami, own=True),
        Side("trainer", "transformers' Trainer, defaults", trainer, packages=("transformers", "accelerate")),
        Side("trainer-bf16", "transformers' Trainer, bf16", trainer_bf16, packages=("transformers", "accelerate")),
        Side(
            "pytorch-tuned",
            "buckets of like lengths, fused AdamW, Fukami's plan",
            pytorch_tuned,
            packages=("torch", "transformers"),
            follows_plan=True,
        ),
    ),
)
