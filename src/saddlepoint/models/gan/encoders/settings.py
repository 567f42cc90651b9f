"""The encoders by name (torch-free): one line for each.

A recipe names an encoder by its key here, or by the import path `module:Name` of the user's own.
"""

from __future__ import annotations

_HERE = "saddlepoint.models.gan.encoders"

ENCODERS: dict[str, str] = {
    "bigan": f"{_HERE}.bigan:BiGAN",
    "adversarial": f"{_HERE}.adversarial:AdversarialAutoencoder",
    "vae-gan": f"{_HERE}.vae_gan:VAEGAN",
}
# Names of these games in papers and other programs, in lower case with hyphens, and the encoder here.
ENCODERS_ELSEWHERE: dict[str, str] = {
    **dict.fromkeys(("ali", "bi-gan", "adversarially-learned-inference"), "bigan"),
    **dict.fromkeys(("aae", "adversarial-autoencoder"), "adversarial"),
    **dict.fromkeys(("vaegan", "vae/gan", "larsen"), "vae-gan"),
}
