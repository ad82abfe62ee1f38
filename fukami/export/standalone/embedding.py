"""A vector in which what is alike is near."""


def answer(vector, told):
    """The vector as an answer: the product of two says how alike they are."""
    return {"embedding": vector.tolist()}
