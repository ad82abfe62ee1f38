"""Ways to explain, one a file; `explain/contract.py` says what each offers."""
