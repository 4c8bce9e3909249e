"""A finished run, written for other programs: ONNX, TorchScript, torch.export, TensorBoard, MLflow."""
