"""The models a config can name. Input (B, 1, 28, 28), output (B, num_classes) logits."""

from src.models.networks import VisionTransformer, cnn, lenet, mlp, mlp_bn, resnet, softmax

__all__ = ["VisionTransformer", "cnn", "lenet", "mlp", "mlp_bn", "resnet", "softmax"]
