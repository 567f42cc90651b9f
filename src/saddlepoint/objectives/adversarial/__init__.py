"""Adversarial games, composed of parts that do not know each other.

`losses` say what logits cost, `penalties` what the slope of the discriminator costs, `constraints` what its weights may be,
`views` what it sees of an example; `game` composes them and computes every forward pass and every gradient once. The names
of all parts stand in `settings`.
"""
