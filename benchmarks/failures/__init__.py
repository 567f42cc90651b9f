"""Training runs with injected failures, and healthy controls, to test the diagnosis as a medical test is tested.

base_recipes.py: what is trained. injections.py and kinds.py: how it is made to fail. runs.py: trains one run. probes.py: measures
the model while it trains. ground_truth.py: decides what is wrong with the run. replay.py: applies the rules. accuracy.py:
compares the two. remedy_runs.py and recovery.py: the same runs with `--cure auto`, and what came of them.
"""
