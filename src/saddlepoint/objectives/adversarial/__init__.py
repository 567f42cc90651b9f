"""Adversarial games, composed of independent parts.

A loss is a function of the discriminator's logits (`losses`), and a penalty a function of its gradient (`penalties`).
Constraints restrict its weights (`constraints`), views transform its input (`views`), and conditions make both players use labels
(`conditions`). `game` composes the parts and computes every forward pass and every gradient once. `settings` lists all parts by name.
"""
