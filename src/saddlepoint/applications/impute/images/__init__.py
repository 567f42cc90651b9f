"""Fill in holes of images, and missing numbers of other examples, by a trained model."""
