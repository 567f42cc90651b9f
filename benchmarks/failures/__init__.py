"""The failure zoo: trainings that fail in known ways and trainings that do not, to test the diagnosis as a medical test is.

bases.py what is trained, injections.py and kinds.py how it is made to fail, runs.py trains one, looks.py measures what came
of it, truth.py decides what is wrong with it, replay.py asks the rules, accuracy.py compares the two.
"""
