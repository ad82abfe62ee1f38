"""Sentences that are written: their pieces, their layouts, what the doctor finds, models that write, and the search."""

import gzip
import itertools
import json

import numpy as np
import pyarrow as pa
import pytest
import torch

from fukami.core.errors import FukamiError
from fukami.core.recipe import Recipe
from fukami.core.specs import TokenSpec
from fukami.core.tables import Column
from fukami.fields import batch as trees
from fukami.fields.contract import Tokens
from fukami.fields.sentence import field as sentence_field
from fukami.fields.sentence import tokens
from fukami.fields.sentence.field import Sentence
from fukami.fields.text.tokenization import load
from fukami.layers.translating import stretch
from fukami.models import seq2seq, seq2seq_transformer
from fukami.tasks.registry import contract
from fukami.training.prepare import examined

SPECIAL = (("unk", 1), ("cls", 2), ("sep", 3), ("mask", 4))
SOURCE, TARGET = TokenSpec(40, 16, special=SPECIAL), TokenSpec(9, 6, special=SPECIAL)
KINDS = ("text", "sentence")
NOUNS = {"cat": "猫", "dog": "犬", "bird": "鳥", "fish": "魚", "king": "王", "girl": "少女"}
VERBS = {"sees": "見る", "likes": "好く", "finds": "見つける", "hears": "聞く"}
PAIRS = [
    (f"the {a} {verb} the {b} .", f"{NOUNS[a]} は {NOUNS[b]} を {VERBS[verb]} 。")
    for a, verb, b in itertools.product(NOUNS, VERBS, NOUNS)
]


def column(*texts, name="translation"):
    return Column(name, pa.array(list(texts)))


def write(folder, **files):
    """Files by name, `_` standing for the dot."""
    for name, content in files.items():
        path = folder / name.replace("_", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def lines(side, pairs=PAIRS):
    return "".join(pair[side] + "\n" for pair in pairs)


def looked_at(source, **settings):
    task = contract("translation")
    recipe = Recipe(task.name, fields={n: f.options for n, f in task.fields.items()}, task_options=task.options)
    free = {"text": ("columns", "text"), "translation": ("columns", "translation")}
    return examined(recipe.changed(settings, free=free), source, raising=False)


def found(source, **settings):
    return {problem.code: problem for problem in looked_at(source, **settings).problems}


# -- pieces ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text", ["吾輩は猫である。", "naïve 😀 [PAD] [SEP]", "e\u0301 １０ 時", "two  blanks\tand\nlines", "…"]
)
def test_what_is_written_is_what_was_read(text):
    told = tokens.learned([pair[1] for pair in PAIRS], 300)
    assert tokens.written(told, [load(told).tokenizer.encode(text).ids]) == [text]


def test_a_word_is_the_same_piece_wherever_it_stands():
    told = tokens.learned(["cat dog cat", "dog cat"] * 5, 300)
    first, _second, last = load(told).tokenizer.encode("cat dog cat").ids
    assert first == last


@pytest.mark.parametrize(
    ("texts", "mecab", "bleu"),
    [
        (["I am a cat ."], False, "13a"),
        (["吾輩 は 猫 で あ る 。"], True, "none"),
        (["吾輩は猫である。"], False, "char"),
        (["吾輩は猫である。"], True, "ja-mecab"),
    ],
)
def test_what_bleu_counts_follows_from_how_words_lie(texts, mecab, bleu, monkeypatch):
    monkeypatch.setattr(sentence_field, "find_spec", lambda name: name if mecab else None)
    assert Sentence().learn([column(*texts)]).state["bleu"] == bleu
    chosen = Sentence(options=Sentence.Options(bleu="char")).learn([column(*texts)])
    assert chosen.state["bleu"] == "char"


def test_references_are_judged_whole_and_cut_in_training_alone():
    target = Sentence(options=Sentence.Options(max_tokens=3)).learn([column("a b c d e f g")])
    truth = target.truth(target.batch(target.encode([column(" a b c d e f g ")]), np.array([0])))
    assert target.known(truth) == [{"text": "a b c d e f g"}] and target.target_spec().max_tokens == 3


def test_answers_say_how_sure_they_are_and_how_far_apart():
    target = Sentence().learn([column("cat dog cat", "dog")])
    a, b, c = (
        target.truth(target.batch(target.encode([column(text)]), np.array([0]))) for text in ("cat dog", "cat cat", "dog")
    )
    one, two, other = ({**truth, "log_likelihood": torch.tensor([-3.0])} for truth in (a, b, c))
    (told,) = target.restore(one)
    count = len(a["tokens"].columns["id"])
    assert told == {"text": "cat dog", "score": pytest.approx(np.exp(-3 / (count + 1)))}
    assert 0 < target.apart(one, two).item() < 1 and target.apart(one, other).item() == 1
    assert target.apart(one, {**a, "log_likelihood": torch.tensor([-4.0])}).item() == pytest.approx(
        np.exp(-3 / (count + 1)) - np.exp(-4 / (count + 1)), rel=1e-5
    )
    assert target.apart(one, {**a, "log_likelihood": torch.tensor([float("nan")])}).item() == np.inf


def test_bytes_that_are_no_character_are_shown_as_such():
    target = Sentence().learn([column("猫 犬")])
    half = load(target.state["tokenizer"]).tokenizer.encode("蟹").ids[:2]
    rows = trees.Rows({"id": torch.tensor(half)}, torch.tensor([2]))
    assert "\ufffd" in target.texts(rows)[0]


# -- layouts -----------------------------------------------------------------------------------------------------------
def bound(source, **settings):
    looked = looked_at(source, **settings)
    return looked.columns["text"][0].values.to_pylist()[0], looked.columns["translation"][0].values.to_pylist()[0]


def test_files_of_as_many_lines_pair(tmp_path):
    parts = {"train": PAIRS[:100], "dev": PAIRS[100:120], "test": PAIRS[120:]}
    for part, pairs in parts.items():
        (tmp_path / f"{part}.ja.txt").write_text(lines(1, pairs))
        with gzip.open(tmp_path / f"{part}.en.gz", "wt") as file:
            file.write(lines(0, pairs))
    looked = looked_at(tmp_path)
    assert [len(rows) for rows in (looked.split.train, looked.split.valid, looked.split.test)] == [100, 20, 24]
    assert bound(tmp_path) == PAIRS[0] and bound(tmp_path, text="ja", translation="en") == PAIRS[0][::-1]
    note = found(tmp_path)["F-PARALLEL-DIRECTION"]
    assert "en" in note.what and "--set text=ja --set translation=en" in note.fix
    assert looked.columns["translation"][0].where(1).startswith(str(tmp_path / "train.ja.txt") + ":2")


@pytest.mark.parametrize(
    "names", [("a.src", "a.tgt"), ("a.en", "a.de"), ("corpus.source", "corpus.target"), ("train_en.txt", "train_ja.txt")]
)
def test_names_of_sides(tmp_path, names):
    for side, name in enumerate(names):
        (tmp_path / name).write_text(lines(side))
    assert bound(tmp_path) == PAIRS[0]


TABLES = {
    "pairs.tsv": "".join(f"{a}\t{b}\n" for a, b in PAIRS),
    "named.csv": "id,en,ja\n" + "".join(f'{n},"{a}","{b}"\n' for n, (a, b) in enumerate(PAIRS)),
    "turned.csv": "target,source\n" + "".join(f'"{b}","{a}"\n' for a, b in PAIRS),
    "plain.jsonl": "".join(json.dumps({"source": a, "target": b}) + "\n" for a, b in PAIRS),
    "nested.jsonl": "".join(json.dumps({"translation": {"ja": b, "en": a}}) + "\n" for a, b in PAIRS),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_two_texts(tmp_path, name):
    (tmp_path / name).write_text(TABLES[name])
    assert bound(tmp_path / name) == PAIRS[0]


def test_of_three_languages_two_have_to_be_named(tmp_path):
    write(tmp_path, a_en=lines(0), a_ja=lines(1), a_de=lines(0).upper())
    with pytest.raises(FukamiError, match="F-BIND"):
        looked_at(tmp_path)
    assert bound(tmp_path, text="en", translation="ja") == PAIRS[0]


def test_folders_of_other_things_are_left_to_others(tmp_path):
    write(tmp_path, a_csv="text,label\nx,y\n", a_md="# x")
    from fukami.data.readers import parallel

    assert parallel.claims(tmp_path, KINDS) == 0 and parallel.claims(tmp_path, ("image", "category")) == 0


# -- the doctor --------------------------------------------------------------------------------------------------------
def broken(side, change):
    """The lines of one side, of which every tenth is changed."""
    pairs = [list(pair) for pair in PAIRS]
    for pair in pairs[::10]:
        pair[side] = change(pair[side])
    return {"a_en": lines(0, pairs), "a_ja": lines(1, pairs)}


COPIED = [(a, a if n % 10 == 0 else b) for n, (a, b) in enumerate(PAIRS)]
TURNED = [pair[::-1] if n % 10 == 0 else pair for n, pair in enumerate(PAIRS)]
FAULTS = {
    "a line less": ({"a_en": lines(0), "a_ja": lines(1, PAIRS[:-1])}, "F-PARALLEL-LINES"),
    "an empty side": ({"a_en": lines(0), "a_ja": ""}, "F-PARALLEL-LINES"),
    "no text at all": ({"a_en": "\n" * 50, "a_ja": "\n" * 50}, "F-BIND-NOTHING"),
    "a picture": ({"a_en": lines(0), "a_ja": b"\x89PNG\r\n\x1a\n" + bytes(60)}, "F-FILE-KIND"),
    "empty lines": (broken(1, lambda text: " "), "F-TEXT-EMPTY"),
    "empty sources": (broken(0, lambda text: ""), "F-TEXT-EMPTY"),
    "wrong encoding": (broken(0, lambda text: f"Ã© {text}"), "F-TEXT-ENCODING"),
    "control characters": (broken(1, lambda text: "\x07" + text), "F-TEXT-CONTROL"),
    "always the same": ({"a_en": lines(0), "a_ja": "猫 は 犬 を 見る 。\n" * len(PAIRS)}, "F-TEXT-CONSTANT"),
    "untranslated": ({"a_en": lines(0), "a_ja": lines(1, COPIED)}, "F-PAIR-SAME"),
    "exchanged": ({"a_en": lines(0, TURNED), "a_ja": lines(1, TURNED)}, "F-PAIR-LANGUAGE"),
    "two sentences for one": (broken(1, lambda text: f"{text} " * 9), "F-PAIR-LENGTH"),
    "cut off": (broken(0, lambda text: text[:2]), "F-PAIR-LENGTH"),
    "twice": ({"a_en": lines(0) * 2, "a_ja": lines(1) * 2}, "F-DATA-DUPLICATE"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_of_pairs_are_told(tmp_path, fault):
    files, code = FAULTS[fault]
    write(tmp_path, **files)
    try:
        codes = set(found(tmp_path))
    except FukamiError as error:
        codes = {error.code}
    assert code in codes


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("one.tsv", "only one column\nof texts\n"),
        ("half.jsonl", '{"translation": {"en": "a"}}\n{"translation": 3}\n'),
        ("empty.tsv", ""),
        ("broken.jsonl", "{\n"),
    ],
)
def test_tables_that_are_no_pairs_are_refused(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    try:
        problems = looked_at(tmp_path / name).problems
    except FukamiError:
        return
    assert any(problem.severity == "error" for problem in problems)


def test_good_pairs_have_no_faults(tmp_path):
    write(tmp_path, a_en=lines(0), a_ja=lines(1))
    assert not {code for code in found(tmp_path) if code.startswith("F-PAIR")}


# -- models ------------------------------------------------------------------------------------------------------------
FAMILIES = {
    "seq2seq": lambda: seq2seq.build(SOURCE, target=TARGET, embedding=8, width=12),
    "transformer": lambda: seq2seq_transformer.build(SOURCE, target=TARGET, width=16, depth=2, heads=2),
}


def made(family, std=0.5):
    torch.manual_seed(3)
    model = FAMILIES[family]()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=std)
    return model.eval()


def sources(*lengths):
    ids = torch.randint(5, 40, (len(lengths), max(lengths)), generator=torch.Generator().manual_seed(0))
    lengths_B = torch.tensor(lengths)
    return Tokens(ids.masked_fill(torch.arange(max(lengths)) >= lengths_B[:, None], 0), lengths_B)


@pytest.mark.parametrize("family", FAMILIES)
def test_writing_step_by_step_is_what_was_learned(family):
    model, before = made(family), torch.tensor([[2, 5, 6, 7], [2, 8, 8, 5]])
    with torch.no_grad():
        memory = model.read(sources(5, 3))
        whole, state = model.heard(before, memory), model.start(memory)
        for at in range(4):
            h_BD, state = model.step(before[:, at], memory, state)
            torch.testing.assert_close(h_BD, whole[:, at], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_padding_of_either_side_changes_nothing(family):
    model = made(family)
    target = Tokens(torch.tensor([[5, 6, 0, 0], [7, 8, 5, 6]]), torch.tensor([2, 4]))
    given = sources(2, 6)
    alone = Tokens(given.ids[:1, :2], given.lengths[:1]), Tokens(target.ids[:1, :2], target.lengths[:1])
    with torch.no_grad():
        both = model.losses({"text": given}, {"translation": target}, torch.Generator())["nats"]
        one = model.losses({"text": alone[0]}, {"translation": alone[1]}, torch.Generator())["nats"]
        features = model(given)[:1], model(alone[0])
    torch.testing.assert_close(both[:1], one, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(*features, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_loss_is_the_likelihood_of_the_tokens_and_of_their_end(family):
    model = made(family)
    given = sources(4)
    ids = [6, 8]
    with torch.no_grad():
        loss = model.losses({"text": given}, {"t": Tokens(torch.tensor([ids]), torch.tensor([2]))}, torch.Generator())["nats"]
        memory = model.read(given)
        chances = model.logits(model.heard(torch.tensor([[2, *ids]]), memory)[0]).log_softmax(1)
    assert loss.item() == pytest.approx(-sum(chances[at, token].item() for at, token in enumerate([*ids, 3])), rel=1e-4)


def test_what_is_cut_does_not_end_there():
    model, given = made("seq2seq"), sources(4)
    ids = torch.tensor([[5, 6, 7, 8, 5, 6, 7, 8]])
    long, cut = Tokens(ids, torch.tensor([8])), Tokens(ids[:, :6], torch.tensor([6]))
    with torch.no_grad():
        losses = [model.losses({"s": given}, {"t": t}, torch.Generator())["nats"].item() for t in (long, cut)]
        end = model.logits(model.heard(torch.cat([torch.tensor([[2]]), ids[:, :6]], 1), model.read(given))[:, 6])
    assert losses[1] - losses[0] == pytest.approx(-end.log_softmax(1)[0, 3].item(), rel=1e-3)


def test_smoothing_is_for_training_alone():
    model = seq2seq.build(SOURCE, target=TARGET, embedding=8, width=12, dropout=0.0, smoothing=0.3)
    batch = {"s": sources(4)}, {"t": Tokens(torch.tensor([[5, 6]]), torch.tensor([2]))}, torch.Generator()
    model.eval()
    plain = model.losses(*batch)["nats"].item()
    model.train()
    assert model.losses(*batch)["nats"].item() != pytest.approx(plain, rel=1e-4)


# -- the search --------------------------------------------------------------------------------------------------------
def exhaustive(model, memory, most, penalty):
    """The best of every text there is: over four tokens and an end."""
    best, words = (-np.inf, None), [5, 6, 7, 8]
    texts = [[*text, 3] for count in range(most) for text in itertools.product(words, repeat=count)]
    texts += [list(text) for text in itertools.product(words, repeat=most)]
    for text in texts:
        before = torch.tensor([[2, *text[:-1]]])
        chances = model.chances(model.heard(before, memory)[0], memory)
        total = sum(chances[at, token].item() for at, token in enumerate(text))
        ranked = total / stretch(torch.tensor(float(len(text))), penalty).item()
        best = max(best, (ranked, text), key=lambda one: one[0])
    return [token for token in best[1] if token != 3]


@pytest.mark.parametrize("penalty", [0.0, 1.5])
@pytest.mark.parametrize("family", FAMILIES)
def test_with_room_for_all_the_best_text_is_found(family, penalty):
    model, given = made(family), sources(5, 2, 3)
    with torch.no_grad():
        memory = model.read(given)
        search = model.search(memory, 90, 3, penalty)
        for row in range(3):
            own = {name: value[row : row + 1] for name, value in memory.items()}
            ids = search["ids"][row, : search["lengths"][row]].tolist()
            assert ids == exhaustive(model, own, 3, penalty)


@pytest.mark.parametrize("family", FAMILIES)
def test_one_beam_takes_the_likeliest_token_each_time(family):
    model, given = made(family), sources(5)
    with torch.no_grad():
        memory = model.read(given)
        found = model.search(memory, 1, 6, 0.0)
        before, nats = [2], 0.0
        while len(before) <= 6:
            chance = model.chances(model.heard(torch.tensor([before]), memory)[:, -1], memory)[0]
            before.append(int(chance.argmax()))
            nats += chance.max().item()
            if before[-1] == 3:
                break
    assert found["ids"][0, : found["lengths"][0]].tolist() == [token for token in before[1:] if token != 3]
    assert found["log_likelihood"].item() == pytest.approx(nats, rel=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_answer_does_not_depend_on_its_company(family):
    model, given = made(family), sources(5, 2, 7, 3)
    with torch.no_grad():
        together = model.search(model.read(given), 3, 6, 1.0)
        for row in range(4):
            count = int(given.lengths[row])
            alone = model.search(model.read(Tokens(given.ids[row : row + 1, :count], given.lengths[row : row + 1])), 3, 6, 1.0)
            size = int(alone["lengths"])
            assert together["ids"][row, :size].tolist() == alone["ids"][0, :size].tolist()
            assert int(together["lengths"][row]) == size
            assert together["log_likelihood"][row].item() == pytest.approx(alone["log_likelihood"].item(), rel=1e-4)


def test_padding_and_the_like_are_never_written():
    model = made("seq2seq", std=2.0)
    with torch.no_grad():
        found = model.search(model.read(sources(*[5] * 20)), 4, 6, 1.0)
    for row, length in zip(found["ids"].tolist(), found["lengths"].tolist(), strict=True):
        assert all(token > 4 for token in row[:length]) and not any(row[length:])


# -- what stands beside a model ----------------------------------------------------------------------------------------
def test_baselines():
    from fukami.core.cards import load as loaded
    from fukami.evaluate.baselines.contract import Examples

    task = contract("translation")
    pairs = [("a b c", "x y"), ("d e f", "z"), ("g h", "z")]
    source, wanted = column(*(a for a, _b in pairs), name="text"), column(*(b for _a, b in pairs))
    text, target = task.inputs["text"].learn([source]), task.target.learn([wanted])
    truth = trees.arrays(target.truth(target.batch(target.encode([wanted]), np.arange(3))))
    examples = Examples({"text": text}, {"text": [source]}, target, truth)
    asked = {"text": [column("a b", "e f", name="text")]}
    said = {}
    for name in task.card.baselines:
        answers = loaded("evaluate/baselines", name).fit(examples)(asked)
        said[name] = [one["text"] for one in target.restore(answers)]
    assert said == {"copy": ["a b", "e f"], "usual_sentence": ["z", "z"], "nearest_sentence": ["x y", "z"]}


def test_details_show_the_worst_the_typical_and_the_best():
    from fukami.evaluate.judge import judge

    texts = [f"{a} は {b} を 見る" for a in NOUNS.values() for b in NOUNS.values()]
    target = Sentence().learn([column(*texts)])
    truth = trees.arrays(target.truth(target.batch(target.encode([column(*texts)]), np.arange(36))))
    answers = trees.taken(truth, np.array([*range(30), *[0] * 6])) | {"log_likelihood": np.zeros(36, np.float32)}
    told = judge(target, ["bleu", "chrf"], [(answers, truth, np.arange(36))], keep_mistakes=6).details
    assert told["length_ratio"] == pytest.approx(1.0, abs=0.2) and "tok:none" in told["signatures"]["bleu"]
    first = told["mistakes"][0]
    assert first["rank"] == "among the worst" and first["score"] < 1 and first["target"] != first["answer"]
    assert any(one["rank"] == "among the best" and one["target"] == one["answer"] for one in told["mistakes"])
