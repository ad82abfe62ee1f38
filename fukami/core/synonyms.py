"""What other libraries call an option, and what it is called here: somebody who comes from there types their word.

>>> likely("image_size", ["size_px", "epochs"]), likely("epoch", ["size_px", "epochs"]), likely("lr", ["epochs"])
(['size_px'], ['epochs'], [])
"""

from collections.abc import Iterable

from fukami.core.errors import nearest

SYNONYMS = {
    "size_px": ("image_size", "img_size", "imgsz", "input_size", "resolution", "resize_to", "size", "height", "width"),
    "learning_rate": ("lr", "eta", "base_lr", "max_lr", "lr0", "step_size"),
    "batch_size": ("batch", "bs", "per_device_train_batch_size", "train_batch_size", "minibatch"),
    "epochs": ("num_epochs", "num_train_epochs", "n_epochs", "max_epochs", "iterations", "rounds"),
    "optimizer": ("optimiser", "optim", "opt", "solver"),
    "schedule": ("scheduler", "lr_scheduler", "lr_schedule", "lr_scheduler_type"),
    "warmup": ("warmup_ratio", "warmup_steps", "warmup_epochs"),
    "weight_decay": ("wd", "l2", "decay"),
    "clip_norm": ("max_grad_norm", "grad_clip", "gradient_clip_val", "clip_grad", "clip"),
    "patience": ("early_stopping", "early_stop", "early_stopping_patience", "early_stopping_rounds"),
    "keep_best": ("load_best_model_at_end", "save_best", "restore_best_weights"),
    "ema": ("model_ema", "ema_decay", "moving_average"),
    "seed": ("random_state", "random_seed", "manual_seed"),
    "loss": ("criterion", "objective", "loss_fn"),
    "imbalance": ("balanced", "sampler"),
    "class_weights": ("class_weight", "pos_weight"),
    "label_smoothing": ("smoothing",),
    "cutmix": ("cutmix_alpha",),
    "mixup": ("mixup_alpha",),
    "pretrained": ("weights", "from_pretrained", "checkpoint", "init"),
    "freeze_epochs": ("freeze", "freeze_backbone", "frozen"),
    "layer_decay": ("llrd", "layerwise_decay", "layer_wise_lr_decay"),
    "valid_fraction": ("val_split", "validation_split", "val_fraction", "val_size", "validation_fraction"),
    "test_fraction": ("test_split", "test_size", "holdout"),
    "folds": ("cv", "k_folds", "kfold", "n_splits"),
    "limit": ("max_train_samples", "subset", "max_samples", "fraction"),
    "group": ("group_by", "group_column", "group_kfold"),
    "time": ("date_column", "time_column", "timestamp"),
    "ignore": ("drop", "exclude", "ignore_columns", "drop_columns"),
    "target": ("label_column", "target_column", "label_col", "target_col", "y", "dependent_variable"),
    "delimiter": ("sep", "separator"),
    "encoding": ("charset", "codec"),
    "precision": ("dtype", "amp", "fp16", "bf16", "mixed_precision", "half"),
    "threads": ("num_threads", "n_jobs", "cpus"),
    "compile": ("torch_compile", "jit"),
    "micro_batch": ("accumulate", "gradient_accumulation_steps", "accumulate_grad_batches", "accumulation"),
    "batches_ahead": ("num_workers", "workers", "dataloader_num_workers", "prefetch_factor", "prefetch"),
    "max_tokens": ("max_length", "max_len", "max_seq_length", "sequence_length", "seq_len", "maxlen"),
    "vocabulary_size": ("vocab_size", "max_features", "num_words"),
    "flip": ("hflip", "horizontal_flip", "fliplr", "random_horizontal_flip", "mirror"),
    "rotate_deg": ("rotation", "degrees", "rotation_range", "random_rotation"),
    "shift": ("translate", "width_shift_range", "height_shift_range"),
    "zoom": ("scale", "zoom_range"),
    "brightness": ("brightness_range",),
    "erase": ("random_erasing", "random_erase", "cutout"),
    "normalise": ("normalize", "normalization", "standardize"),
    "dropout": ("dropout_rate", "drop_rate", "p_dropout"),
    "depth": ("num_layers", "n_layers", "layers"),
    "width": ("hidden_size", "hidden_dim", "units", "hidden"),
}
"""Our name → theirs. A name of theirs may be an option of ours as well: it is looked up only where it is none."""


def likely(name: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """The options that `name` was probably meant to be: what it is called here, else what is spelled nearly so."""
    known = list(known)
    plain = name.lower().replace("-", "_").rpartition(".")[2]
    meant = [ours for ours, theirs in SYNONYMS.items() if plain in theirs and ours in known]
    return (meant or nearest(name, known))[:most]
