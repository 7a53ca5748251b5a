mod codes;
mod places;
mod renderers;
