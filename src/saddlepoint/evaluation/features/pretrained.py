"""Features of networks that are trained on photographs: Inception, CLIP and DINO, through the package torch-fidelity.

Published scores use these. They suit photographs alone, need a download of 90 to 350 MB at first use, and require
`saddlepoint[fid]`. Grey images are repeated to three channels, the data's range is mapped to 0 to 255, and
torch-fidelity resizes images to the input of the network, as in the first version of Inception's TensorFlow graph.

References:
    Rethinking the Inception Architecture for Computer Vision (Christian Szegedy, Vincent Vanhoucke, Sergey Ioffe,
        Jonathon
    Shlens, Zbigniew Wojna, 2016), https://arxiv.org/abs/1512.00567
    Learning Transferable Visual Models From Natural Language Supervision (Alec Radford, Jong Wook Kim, Chris Hallacy,
        Aditya
    Ramesh, Gabriel Goh, Sandhini Agarwal, Girish Sastry, Amanda Askell, Pamela Mishkin, Jack Clark, Gretchen Krueger,
        Ilya
    Sutskever, 2021), https://arxiv.org/abs/2103.00020
    DINOv2: Learning Robust Visual Features without Supervision (Maxime Oquab and others, 2023),
    https://arxiv.org/abs/2304.07193
    High-fidelity performance metrics for generative models in PyTorch (Anton Obukhov, Maximilian Seitzer, Po-Wei Wu,
        Semen
    Zhydenko, Jonathan Kyl, Elvis Yu-Jing Lin, 2020), https://github.com/toshas/torch-fidelity
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.data.dataset import Dataset
from saddlepoint.errors import DataError, MissingExtraError
from saddlepoint.evaluation.features.extractor import Features, fingerprint


@dataclass(frozen=True)
class Pretrained:
    """One of torch-fidelity's extractors.

    Attributes:
        title: shown with scores.
        extractor: its class as "module:name".
        name: torch-fidelity's name of it.
        layer: torch-fidelity's name of the layer.
        side: of its input, in pixels.
    """

    title: str
    extractor: str
    name: str
    layer: str
    side: int


INCEPTION = Pretrained(
    "Inception",
    "torch_fidelity.feature_extractor_inceptionv3:FeatureExtractorInceptionV3",
    "inception-v3-compat",
    "2048",
    299,
)
CLIP = Pretrained(
    "CLIP ViT-B/32", "torch_fidelity.feature_extractor_clip:FeatureExtractorCLIP", "clip-vit-b-32", "clip", 224
)
DINO = Pretrained(
    "DINOv2 ViT-B/14",
    "torch_fidelity.feature_extractor_dinov2:FeatureExtractorDinoV2",
    "dinov2-vit-b-14",
    "dinov2",
    224,
)


def inception_features(dataset: Dataset, seed: int = 0) -> Features:
    """The features "Inception": 2,048 numbers for each image. With them the Fréchet distance is the FID.

    Args:
        dataset: images.
        seed: not used.

    Raises:
        MissingExtraError: as `pretrained_features`.
        DataError: as `pretrained_features`.
    """
    return pretrained_features(INCEPTION, dataset)


def clip_features(dataset: Dataset, seed: int = 0) -> Features:
    """The features "CLIP ViT-B/32": 512 numbers for each image.

    Args:
        dataset: images.
        seed: not used.

    Raises:
        MissingExtraError: as `pretrained_features`.
        DataError: as `pretrained_features`.
    """
    return pretrained_features(CLIP, dataset)


def dino_features(dataset: Dataset, seed: int = 0) -> Features:
    """The features "DINOv2 ViT-B/14": 768 numbers for each image. torch-fidelity also downloads and runs the network's
    code.

    Args:
        dataset: images.
        seed: not used.

    Raises:
        MissingExtraError: as `pretrained_features`.
        DataError: as `pretrained_features`.
    """
    return pretrained_features(DINO, dataset)


def pretrained_features(chosen: Pretrained, dataset: Dataset) -> Features:
    """Features by one of torch-fidelity's extractors, on a GPU if there is one.

    Args:
        chosen: the extractor.
        dataset: grey or colour images with a known range.

    Raises:
        MissingExtraError: torch-fidelity, or torchvision, which it needs, is not installed.
        DataError: the examples are not grey or colour images with a known range, or the download failed.
    """
    event = dataset.event
    if event.kind != "image" or event.shape[0] not in (1, 3) or not event.bounded:
        raise DataError(
            f"{dataset.name}: {chosen.title} takes grey or RGB images with a known range of values, got {event.plural} of shape "
            f"{event.shape} {'of known' if event.bounded else 'without a'} range; use classifier, random or pca features."
        )
    module, _, name = chosen.extractor.partition(":")
    try:
        make: Any = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "torch-fidelity", "fid", f"{chosen.title} features") from error
    try:
        network: nn.Module = make(chosen.name, [chosen.layer])
    except OSError as error:
        raise DataError(
            f"{chosen.title}: the network's weights cannot be downloaded ({error}); check the connection and try again."
        ) from error
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = network.to(device).eval()
    unit = event.scaling("unit")

    def rows(x: Tensor) -> Tensor:
        bytes_ = (unit.to_model(x) * 255).round().clamp(0, 255).to(torch.uint8)
        rgb = bytes_.expand(-1, 3, -1, -1) if event.shape[0] == 1 else bytes_
        (features,) = network(rgb.to(device))
        return features.flatten(1) if isinstance(features, Tensor) else torch.as_tensor(features)

    with torch.no_grad():
        dimension = rows(dataset.x[:1]).shape[1]
    colours = "grey repeated to 3 channels, " if event.shape[0] == 1 else ""
    return Features(
        name=chosen.title,
        fingerprint=fingerprint(
            "pretrained",
            network.state_dict(),
            name=chosen.name,
            layer=chosen.layer,
            scale=unit.scale,
            offset=unit.offset,
        ),
        dimension=dimension,
        function=rows,
        notes=(
            f"{chosen.title} by torch-fidelity ({chosen.name}, layer {chosen.layer}): {colours}values brought to 0 to 255, "
            f"{event.shape[1]}x{event.shape[2]} pixels to {chosen.side}x{chosen.side} bilinearly",
            f"{chosen.title} learned photographs; on other images its features say less",
        ),
        shape=event.shape,
    )
