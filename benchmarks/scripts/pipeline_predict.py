"""`python pipeline_predict.py FOLDER PICTURE`."""

import sys

from transformers import pipeline

classify = pipeline("image-classification", model=sys.argv[1])
print(classify(sys.argv[2])[0])
