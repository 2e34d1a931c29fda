"""Models that a config can name. Input: images (B, 1, 28, 28); output: logits (B, num_classes)."""

from src.models.networks import VisionTransformer, cnn, lenet, mlp, mlp_bn, resnet, softmax

__all__ = ["VisionTransformer", "cnn", "lenet", "mlp", "mlp_bn", "resnet", "softmax"]
